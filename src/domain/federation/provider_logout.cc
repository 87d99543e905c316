// What a provider says is over: OpenID Connect Back-Channel and Front-Channel Logout 1.0, CAS and
// SAML single logout.

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string>
#include <vector>

#include "domain/federation/federation.h"
#include "domain/sessions/session_rows.h"
#include "domain/signin/browser_session_rows.h"
#include "platform/crypto/kept_hash.h"

namespace latchkey::federation {
namespace {

// All that a notice is about.
std::vector<providers::BegunThere> begun_by(db::Tx& tx, const std::string& provider,
                                            const providers::LogoutNotice& said) {
  auto begun = providers::list_begun_there(tx, provider, said.subject, said.session);
  for (const std::string& session : said.more_sessions) {
    auto more = providers::list_begun_there(tx, provider, said.subject, session);
    std::ranges::move(more, std::back_inserter(begun));
  }
  return begun;
}

}  // namespace

Task<std::expected<Federation::Heard, Refused>> Federation::hear_logout(
    std::string provider, Fields fields, std::string address, std::optional<std::string> query) {
  const providers::Provider* from = parts_.providers.find(provider);
  if (from == nullptr || from->browser == nullptr) {
    co_return std::unexpected(Refused{.why = Why::unknown_provider});
  }
  // Anybody may send such notices, and those that are none leave a line in the log.
  const std::string guesses = "provider " + provider;
  const Time now = parts_.ground.clock.now();
  if (const auto wait = parts_.limits.secret_blocked(address, guesses, now)) {
    co_return std::unexpected(Refused{.why = Why::too_many, .retry_after = *wait});
  }
  auto notice = co_await pool_of(*from).run([from, &fields, &query, bounds = limits()] {
    return query ? from->browser->read_logout_in_address(*query, fields, bounds)
                 : from->browser->read_logout(fields, bounds);
  });
  if (!notice) co_return std::unexpected(Refused{.why = Why::busy, .retry_after = kBusyFor});
  if (!*notice) {
    const providers::Failure& failure = notice->error();
    if (failure.why == providers::Failure::Why::not_believed) {
      parts_.limits.secret_failed(address, guesses, now);
    }
    parts_.ground.log.warning("an identity provider's word of a sign-out is not believed",
                              {{"provider", provider},
                               {"reason", std::string(failure.reason)},
                               {"detail", failure.sentence}});
    co_return std::unexpected(Refused{.why = providers_part(failure.why)});
  }
  providers::LogoutNotice& said = **notice;
  // Anybody can make up names of sessions (CAS signs nothing): of one that has begun nothing here,
  // nothing is written and nothing is kept.
  const auto known =
      co_await parts_.ground.db.read([&](db::Tx& tx) { return begun_by(tx, provider, said); });
  if (known.empty() && !said.session.empty()) {
    co_return Heard{.sessions = 0, .answer = std::move(said.answer)};
  }
  const std::string hash = crypto::kept_hash(provider + "\n" + said.id);
  const std::size_t ended = co_await parts_.ground.db.write([&](db::Tx& tx) -> std::size_t {
    if (!providers::count_once(tx, hash, said.expires_at)) return 0;
    const auto begun = begun_by(tx, provider, said);
    if (!said.subject.empty()) providers::note_link_logout(tx, provider, said.subject, now);
    for (const providers::BegunThere& one : begun) {
      providers::note_link_logout(tx, provider, one.subject, now);
      end_begun(tx, *from, one);
    }
    return begun.size();
  });
  parts_.ground.log.info("signed out at an identity provider",
                         {{"provider", provider}, {"sessions", std::to_string(ended)}});
  co_return Heard{.sessions = ended, .answer = std::move(said.answer)};
}

void Federation::end_begun(db::Tx& tx, const providers::Provider& from,
                           const providers::BegunThere& begun) {
  const providers::LogoutEnds ends = from.options.logout;
  if (ends == providers::LogoutEnds::nothing) return;
  const bool softly = ends == providers::LogoutEnds::softly;
  end_let_in(tx, begun, softly ? Ended::softly : Ended::for_good,
             softly ? EndReason::provider_signed_out_softly : EndReason::provider_signed_out);
}

void Federation::end_let_in(db::Tx& tx, const providers::BegunThere& begun, Ended how,
                            EndReason why) {
  providers::delete_begun_there(tx, begun.browser);
  if (!sessions::lock_account(tx, begun.user)) return;
  parts_.sessions.end(tx, sessions::LetInBy{begun.user, begun.browser}, how, why);
  signin::delete_browser_of(tx, parts_.ground.events, begun.user, begun.browser);
}

// A provider may never say that its people have signed out: some do not, and a notice can be lost.
void Federation::end_old() {
  constexpr std::int64_t kAtOnce = 100;
  const Time now = parts_.ground.clock.now();
  for (const providers::Provider& provider : parts_.providers.all()) {
    const Limit lifetime = provider.options.session_lifetime;
    if (!lifetime) continue;
    std::size_t ended = kAtOnce;
    while (ended == kAtOnce) {
      ended = parts_.ground.db.write_now([&](db::Tx& tx) {
        const auto old =
            providers::list_begun_there_until(tx, provider.options.id, now - *lifetime, kAtOnce);
        for (const providers::BegunThere& one : old) {
          end_let_in(tx, one, Ended::softly, EndReason::provider_session_old);
        }
        return old.size();
      });
    }
  }
}

}  // namespace latchkey::federation

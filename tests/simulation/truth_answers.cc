// What each answer of a node is held against.
#include <fmt/format.h>

#include <algorithm>

#include "simulation/truth.h"

namespace latchkey::simulation {
namespace {

using namespace std::chrono_literals;
using sessions::Generation;
using sessions::Reason;
using Word = Answer::Word;

// docs/decisions/0006: what a node may answer from memory that does not hear the others.
constexpr Moment kBound = 2s;

}  // namespace

void Truth::arrived(const Node& node, const Call& call) {
  Course& course = courses_[{node.number(), call.number}];
  course = {};
  course.epoch = epoch_;
  if (Known* known = find(call.request.session)) {
    course.seen = known->seen;
    course.seen_at = known->seen_at;
    // Whatever is answered: it may be noted, and the answer lost.
    known->shown = std::max(known->shown, call.request.generation);
  }
}

void Truth::failed(const Call& call, const std::string& fault) {
  breaks(Invariant::no_fault, fmt::format("{}: {}", name_of(call.request.doing), fault));
}

void Truth::answered(const Node& node, const Call& call, const Answer& answer) {
  const CallKey key{node.number(), call.number};
  const Course course = std::move(courses_[key]);
  courses_.erase(key);
  const Request& request = call.request;
  Known* const known = find(request.session);
  // What an operator does with a session is no use of it.
  const bool used = answer.word == Word::good && call.request.doing != Doing::soften_session;
  if (known != nullptr && used) known->used = schedule_.now();
  switch (answer.word) {
    case Word::good:
      judge_good(node, call, answer, course);
      break;
    case Word::hard:
      judge_hard(call);
      break;
    case Word::soft:
      judge_soft(node, call, answer);
      break;
    case Word::locked: {
      const Account& whose = account(known != nullptr ? known->user : request.user);
      if (!whose.locked && whose.until < call.began) {
        breaks(Invariant::lock_holds, "an account that is not locked was said to be");
      }
      if (known != nullptr && known->there && known->ended == Ended::for_good &&
          known->since < call.began) {
        breaks(Invariant::stays_ended, "of a session that a person ended \"locked\" was said");
      }
      break;
    }
    case Word::refused:
    case Word::unavailable:
      break;
  }
}

bool Truth::expired(const Node& node, const Known& known, Generation generation,
                    Duration margin) const {
  const Limit lifetime = known.refreshes ? setting_.policy.access_token_lifetime
                                         : setting_.policy.access_token_lifetime_without_refresh;
  return generation == known.issued && lifetime &&
         node.clock().now() - known.issued_at >= *lifetime + margin;
}

void Truth::judge_memory(const Node& node, const Known& known, const Call& call) {
  const std::uint32_t mine = 1U << static_cast<unsigned>(node.number());
  const auto since = over_since(known);
  const Account& whose = account(known.user);
  if (since) {
    const bool said = ((known.said_by | whose.said_by) & mine) != 0;
    const Moment for_so_long = schedule_.now() - *since;
    // A node alone may stand still between its commit and its own memory: it has answered nobody.
    if (said || (!setting_.alone && for_so_long > kBound)) {
      breaks(Invariant::memory, fmt::format("a token was good from memory {} ms after its end{}",
                                            std::chrono::floor<Duration>(for_so_long).count(),
                                            said ? ", which this node had answered" : ""));
    }
    return;
  }
  if (known.went_back || setting_.clocks_are_set) return;
  if (expired(node, known, call.request.generation, Duration{0})) {
    breaks(Invariant::memory, "a token was good from memory that has expired");
  }
  const bool replaced = call.request.generation < known.seen &&
                        schedule_.now() - known.seen_since > kBound &&
                        node.clock().now() - known.seen_at > setting_.policy.refresh_grace + kSkew;
  if (replaced) breaks(Invariant::memory, "a token was good from memory long after its grace");
}

void Truth::judge_good(const Node& node, const Call& call, const Answer& answer,
                       const Course& course) {
  const Request& request = call.request;
  const bool back = course.epoch != epoch_;
  const std::uint32_t mine = 1U << static_cast<unsigned>(node.number());
  for (const SessionId id : course.ended) {
    Known& ended = known_.at(id);
    if (ended.ended != Ended::live) ended.said_by |= mine;
  }
  if (course.locked && request.doing == Doing::lock && account(request.user).locked) {
    accounts_[request.user].said_by |= mine;
  }
  Known* const known = find(request.session);
  if (request.doing == Doing::use && known != nullptr) {
    if (answer.from_memory) return judge_memory(node, *known, call);
    const auto since = over_since(*known);
    if (since && *since < call.began && !back) {
      if (call.joins) return judge_memory(node, *known, call);
      const bool locked = known->there && known->ended == Ended::live;
      breaks(locked ? Invariant::lock_holds : Invariant::stays_ended,
             "a token was found good whose session is over or locked");
    }
    if (!known->went_back && !setting_.clocks_are_set &&
        expired(node, *known, request.generation, kSkew)) {
      breaks(Invariant::old_dies, "an access token was found good that has long expired");
    }
    return;
  }
  if (request.doing == Doing::refresh && known != nullptr) {
    const auto since = over_since(*known);
    if (since && *since < call.began && !back) {
      breaks(known->there && known->ended == Ended::live ? Invariant::lock_holds
                                                         : Invariant::stays_ended,
             "a session that is over or locked was refreshed");
    }
    const auto token = sessions::read_token(answer.access);
    const Generation handed_out = token ? token->generation : -1;
    if (!back && (!known->there || known->issued < handed_out)) {
      breaks(Invariant::durable, fmt::format("generation {} was handed out, the row has {}",
                                             handed_out, known->issued));
    }
    if (back || known->went_back) return;
    const bool old = request.generation < course.seen - 1;
    const bool late =
        request.generation == course.seen - 1 && !setting_.clocks_are_set &&
        node.clock().now() - course.seen_at > setting_.policy.refresh_grace + 2 * kSkew;
    if (old || late) {
      breaks(Invariant::old_dies, fmt::format("generation {} was refreshed when {} had been used",
                                              request.generation, course.seen));
    }
    return;
  }
  if (request.doing == Doing::login) {
    const auto token = sessions::read_token(answer.access);
    const Known* const begun = token ? find(token->session) : nullptr;
    if (begun == nullptr || (!begun->there && !back && begun->ended == Ended::live)) {
      breaks(Invariant::durable, "a sign-in was answered, and its session is not there");
    }
    const Account& whose = account(request.user);
    if (!back && whose.password != request.password && whose.password_since < call.began) {
      breaks(Invariant::password, "a sign-in with a password that had been replaced");
    }
    if (!back && (whose.locked || whose.deactivated) && whose.since < call.began) {
      breaks(Invariant::lock_holds, "a sign-in to an account that is locked or deactivated");
    }
  }
}

void Truth::judge_hard(const Call& call) {
  const Known* const known = find(call.request.session);
  if (known == nullptr) return;
  const Account& whose = account(known->user);
  const bool deactivated = whose.deactivated || whose.until >= call.began;
  const bool over = known->ended == Ended::for_good ||
                    (known->ever_for_good && (!known->there || known->ended_until >= call.began));
  // What was folded into its device ends with it (docs/formats/sessions.md).
  const bool folded = !known->there && known->ended == Ended::softly && known->device;
  const bool with_device =
      folded && std::ranges::any_of(of_device_[*known->device], [this](SessionId id) {
        const Known& other = known_.at(id);
        return other.ended == Ended::for_good || other.ever_for_good;
      });
  if (over || deactivated || with_device || known->excused) return;
  breaks(Invariant::no_hard_logout,
         fmt::format("{} was answered hard, and nobody has ended the session (row {})",
                     name_of(call.request.doing), known->there ? "there" : "gone"));
}

void Truth::judge_soft(const Node& node, const Call& call, const Answer& answer) {
  const Request& request = call.request;
  const Known* const known = find(request.session);
  if (known == nullptr) return;
  const Account& whose = account(known->user);
  if (known->there && known->ended == Ended::for_good && known->since < call.began) {
    return breaks(Invariant::stays_ended, "a session that a person ended was refused softly");
  }
  const bool ended = !known->there || known->ended != Ended::live ||
                     known->ended_until >= call.began || whose.locked || whose.deactivated ||
                     whose.until >= call.began;
  const auto& policy = setting_.policy;
  const Reason reason = answer.standing.reason;
  const bool by_limit = (reason == Reason::past_maximum_age && policy.maximum_age) ||
                        (reason == Reason::idle_too_long && policy.maximum_idle) ||
                        (reason == Reason::refresh_token_expired && policy.refresh_token_lifetime);
  // A database that went back may lack the key, and this node its file, while the session is there:
  // it had begun before the key was made, and its tokens were made after that.
  const bool key_may_be_lost = reason == Reason::key_lost && epoch_ > 0;
  // Excused: its id may be another's since, and the token still be that of the session before.
  if (ended || by_limit || key_may_be_lost || known->excused) return;
  if (request.doing == Doing::refresh) {
    return breaks(Invariant::newest_works,
                  fmt::format("a refresh of a live session was refused softly (reason {})",
                              static_cast<int>(reason)));
  }
  if (request.doing != Doing::use || request.generation != known->issued) return;
  // Its life may have begun anew after the row was read.
  if (known->issued_since >= call.began) return;
  if (known->went_back || setting_.clocks_are_set) return;
  if (!expired(node, *known, request.generation, -kSkew)) {
    breaks(Invariant::newest_works,
           fmt::format("the newest access token was refused in its lifetime (reason {})",
                       static_cast<int>(reason)));
  }
}

}  // namespace latchkey::simulation

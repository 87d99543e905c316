#include "outbound/oidc/sign_ins_testing.h"

#include <utility>

#include "platform/error_testing.h"

namespace latchkey::outbound::oidc::testing {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::Not;

Change set(const char* name, json::value value) {
  return [name, value = std::move(value)](json::object& claims) { claims[name] = value; };
}

Change erase(const char* name) {
  return [name](json::object& claims) { claims.erase(name); };
}

CallLimits limits() {
  return {.deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20}};
}

SignIns::SignIns() {
  options.issuer = provider.issuer();
  options.client_id = "latchkey";
  options.client_secret = Secret(kSecret);
}

OidcProvider& SignIns::ours() {
  if (!ours_) {
    EXPECT_THAT(options.problems(), ::testing::IsEmpty());
    ours_ = std::make_unique<OidcProvider>(OidcProvider::Parts{
        .options = options,
        .callback = "https://account.example.com/account/providers/corp/callback",
        .clock = clock,
        .log = telemetry::Log({}, [this](std::string_view line) { log.append(line) += '\n'; })});
  }
  return *ours_;
}

providers::Reply<providers::Departure> SignIns::begin(bool again, std::string hint) {
  auto departure =
      ours().begin({.state = "the state", .again = again, .login_hint = std::move(hint)}, limits());
  if (departure) {
    query = fields_of(departure->url.substr(departure->url.find('?') + 1));
    const auto field = [this](const char* name) {
      const auto found = query.find(name);
      return found == query.end() ? std::string() : found->second;
    };
    provider.nonce = field("nonce");
    provider.challenge = field("code_challenge");
  }
  return departure;
}

providers::Reply<providers::Person> SignIns::finish(const providers::Departure& departure,
                                                    providers::Fields fields, bool again) {
  return ours().finish({.fields = std::move(fields),
                        .state = "the state",
                        .memo = departure.memo,
                        .again = again,
                        .begun_at = clock.now()},
                       limits());
}

providers::Reply<providers::Person> SignIns::sign_in(bool again) {
  const auto departure = begin(again);
  if (!departure) return std::unexpected(error_of(departure));
  return finish(*departure, kBack, again);
}

std::string SignIns::reason(const providers::Reply<providers::Person>& reply) const {
  if (reply) return "";
  const std::string sentence = error_of(reply).sentence;
  EXPECT_FALSE(sentence.empty());
  EXPECT_THAT(sentence, Not(HasSubstr(kSecret)));
  if (!provider.nonce.empty()) {
    EXPECT_THAT(sentence, Not(HasSubstr(provider.nonce)));
  }
  return std::string(error_of(reply).reason);
}

}  // namespace latchkey::outbound::oidc::testing

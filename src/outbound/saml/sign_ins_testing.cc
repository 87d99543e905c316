#include "outbound/saml/sign_ins_testing.h"

#include <fstream>

#include "outbound/saml/binding.h"
#include "platform/crypto/random.h"
#include "platform/error_testing.h"
#include "platform/http/percent.h"
#include "platform/text/base64.h"
#include "platform/xml/document.h"

namespace latchkey::outbound::saml::testing {

CallLimits limits() {
  return {.deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20}};
}

std::map<std::string, std::string> fields_in(std::string_view query) {
  std::map<std::string, std::string> fields;
  while (!query.empty()) {
    const std::string_view field = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(field.size() + 1, query.size()));
    const std::size_t end = field.find('=');
    fields[std::string(field.substr(0, end))] =
        http::percent_decode(field.substr(end + 1), http::Plus::space).value();
  }
  return fields;
}

SignIns::SignIns()
    : folder_(std::filesystem::temp_directory_path() /
              ("latchkey-saml-" + crypto::random_text(crypto::kBase62, 16))) {
  std::filesystem::create_directory(folder_);
  options.metadata_file.value = folder_ / "idp.xml";
  describe(metadata());
}

SignIns::~SignIns() { std::filesystem::remove_all(folder_); }

void SignIns::describe(const std::string& metadata) {
  std::ofstream(options.metadata_file.value, std::ios::binary) << metadata;
}

SamlProvider& SignIns::ours() {
  if (!ours_) {
    EXPECT_THAT(options.problems(), ::testing::IsEmpty());
    ours_ = std::make_unique<SamlProvider>(SamlProvider::Parts{
        .options = options,
        .metadata = std::string(kUs),
        .acs = std::string(kAcs),
        .logout = std::string(kLogout),
        .clock = clock,
        .log = telemetry::Log({}, [this](std::string_view line) { log.append(line) += '\n'; }),
        .key = [this] {
          ++keys_asked;
          return own_key();
        }});
  }
  return *ours_;
}

providers::Reply<providers::Departure> SignIns::begin(bool again) {
  return ours().begin({.state = "the state", .again = again}, limits());
}

std::string SignIns::request_of(const providers::Departure& departure) {
  if (!departure.posted.empty()) {
    return read_post(providers::single(departure.posted, "SAMLRequest").value()).value();
  }
  const auto query = fields_in(departure.url.substr(departure.url.find('?') + 1));
  return read_redirect(query.at("SAMLRequest")).value();
}

providers::Reply<providers::Person> SignIns::finish(const std::string& response,
                                                    const std::string& request_id, bool again) {
  return ours().finish(
      {.fields = {{"SAMLResponse", text::encode_base64(response)}, {"RelayState", "the state"}},
       .state = "the state",
       .memo = request_id,
       .again = again,
       .begun_at = clock.now()},
      limits());
}

providers::Reply<providers::Person> SignIns::sign_in(Said said, bool again) {
  const auto departure = begin(again);
  if (!departure) return std::unexpected(error_of(departure));
  said.request_id = departure->memo;
  return finish(response(said), departure->memo, again);
}

std::string SignIns::reason(const providers::Reply<providers::Person>& reply) {
  if (reply) return "";
  EXPECT_FALSE(error_of(reply).sentence.empty());
  return std::string(error_of(reply).reason);
}

}  // namespace latchkey::outbound::saml::testing

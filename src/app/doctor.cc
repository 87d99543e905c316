#include "app/doctor.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "app/ask_password.h"
#include "app/command_client.h"
#include "domain/accounts/matrix_id.h"
#include "outbound/doctor/doctor.h"
#include "outbound/doctor/fetch.h"
#include "outbound/doctor/findings.h"
#include "platform/http/public_url.h"

namespace latchkey::app {
namespace {

namespace json = boost::json;

// Few enough for a homeserver that is slow.
constexpr std::string_view kCompared = "20";

void read_outbox(const std::string& socket, Time now, doctor::Inside& inside) {
  const auto answer = run_in_server(socket, "outbox", {});
  if (!answer || !*answer) return;
  for (const auto& value : (*answer)->at("waiting").as_array()) {
    const auto& of = value.as_object();
    inside.outbox.push_back(
        {.consumer = std::string(of.at("consumer").as_string()),
         .count = of.at("count").to_number<std::int64_t>(),
         .oldest = now - std::chrono::seconds{of.at("oldest_seconds").to_number<std::int64_t>()}});
  }
  for (const auto& [consumer, count] : (*answer)->at("refused").as_object()) {
    inside.dropped.push_back({std::string(consumer), count.to_number<std::int64_t>()});
  }
}

// Of a homeserver that does not answer there is nothing to compare, and others say so.
void compare_accounts(const std::string& socket, doctor::Inside& inside) {
  const auto answer = run_in_server(socket, "homeserver sync", json::object{{"sample", kCompared}});
  if (!answer || !*answer) return;
  inside.compared = (*answer)->at("accounts").to_number<std::int64_t>();
  for (const auto& value : (*answer)->at("differences").as_array()) {
    const auto& of = value.as_object();
    inside.differences.push_back(
        {std::string(of.at("user").as_string()), std::string(of.at("difference").as_string())});
  }
}

// Nothing, of a server that does not run.
doctor::Inside ask_server(const Config& config, Time now) {
  doctor::Inside inside;
  const std::string socket = config.socket_path();
  if (socket.empty()) return inside;
  read_outbox(socket, now, inside);
  if (config.homeserver.present()) compare_accounts(socket, inside);
  return inside;
}

std::optional<doctor::Account> account_of(const json::object& arguments) {
  const auto* given = arguments.if_contains("user");
  const bool from_stdin = arguments.contains("password-stdin");
  if (given == nullptr && !from_stdin) return std::nullopt;
  if (given == nullptr) throw std::runtime_error("give --user NAME with --password-stdin");
  doctor::Account account{.name = std::string(given->as_string()), .password = {}};
  if (person_at_standard_input()) {
    account.password = Secret(ask_password("Password of " + account.name));
    if (account.password.empty()) {
      throw std::runtime_error("no password was given; nothing was done");
    }
    return account;
  }
  if (!from_stdin) {
    throw std::runtime_error(
        "give --password-stdin, and the password as one line of standard input");
  }
  auto password = read_password();
  if (!password) throw std::runtime_error(password.error());
  account.password = Secret(std::move(*password));
  return account;
}

}  // namespace

int run_doctor(const Config& config, const json::object& arguments, bool as_json) {
  const auto account = account_of(arguments);
  const Time now = SystemClock().now();
  doctor::Places places{
      .here = {},
      .homeserver = config.homeserver.endpoint,
      .name = fmt::format("https://{}/", accounts::host_of_server_name(config.server_name)),
      .secret = config.homeserver_secret()};
  doctor::set_here(places, config.listen.front());
  const doctor::Facts facts{.server_name = config.server_name,
                            .public_url = http::PublicUrl(config.public_url).base(),
                            .listen = config.listen.front(),
                            .behind_synapse = config.homeserver.present(),
                            .endpoint = config.homeserver.endpoint,
                            .trusts_a_proxy = !config.http.trusted_proxies.empty(),
                            .now = now};
  const auto findings =
      doctor::examine(facts, doctor::asker(places), account, ask_server(config, now));
  std::cout << (as_json ? json::serialize(doctor::as_json(findings)) : doctor::say(findings))
            << "\n";
  return doctor::healthy(findings) ? 0 : 1;
}

}  // namespace latchkey::app

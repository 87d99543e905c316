#include "outbound/doctor/hearing.h"

#include <fmt/format.h>

#include <boost/url/parse.hpp>
#include <chrono>

#include "domain/token_prefixes.h"
#include "platform/text/json.h"

namespace latchkey::doctor {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr Duration kClockTolerance = 30s;

}  // namespace

const std::string kNobodysToken = std::string(text_of(TokenPrefix::access)) + std::string(44, '0');

Question question(At at, const Route& route) {
  return {.at = at,
          .method = std::string(route.method),
          .path = std::string(route.path),
          .body = Secret(route.method == "POST" ? "no JSON" : "")};
}

Question from_outside_at(std::string_view base, const Route& route) {
  Question asked = question(At::outside, route);
  asked.base = base;
  return asked;
}

Question from_outside(const Facts& facts, const Route& route) {
  const bool of_matrix = route.path.starts_with("/_matrix/");
  return from_outside_at(of_matrix ? facts.matrix_url : facts.public_url, route);
}

json::object object_of(const Heard& heard) {
  return text::parse_object(heard.body).value_or(json::object());
}

std::string errcode(const Heard& heard) {
  return std::string(text::text_of(object_of(heard), "errcode"));
}

bool silent(const Heard& heard) { return heard.status == 0; }

bool same(const Heard& one, const Heard& other) {
  return one.status == other.status && one.body == other.body;
}

bool of_a_matrix_server(const Heard& heard) {
  return heard.status == 200 && object_of(heard).contains("versions");
}

std::string told(const Heard& heard) {
  if (silent(heard)) return heard.fault;
  const auto object = object_of(heard);
  std::string_view code = text::text_of(object, "errcode");
  if (code.empty()) code = text::text_of(object, "error");
  return code.empty() ? fmt::format("{}", heard.status) : fmt::format("{} {}", heard.status, code);
}

std::string host_of_url(std::string_view url) {
  const auto parsed = boost::urls::parse_uri(url);
  return parsed ? std::string(parsed->encoded_host()) : std::string();
}

bool local(std::string_view host) {
  return host == "localhost" || host.starts_with("127.") || host == "[::1]";
}

bool through_a_proxy(const Facts& facts) {
  return facts.behind_synapse || facts.public_url != fmt::format("http://{}/", facts.listen);
}

void compare_clocks(std::string_view whose, const Heard& heard, Report& report) {
  if (!heard.date) return;
  const Duration off = *heard.date > heard.at ? *heard.date - heard.at : heard.at - *heard.date;
  if (off <= kClockTolerance) return;
  report.wrong(
      "clocks",
      fmt::format("{} and this machine differ by {} seconds: tokens end too early or too late",
                  whose, std::chrono::floor<std::chrono::seconds>(off).count()),
      "the clock of whichever is wrong: timedatectl set-ntp true");
}

}  // namespace latchkey::doctor

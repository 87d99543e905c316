// What clients meet at the addresses that they use.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "domain/accounts/matrix_id.h"
#include "outbound/doctor/examinations.h"
#include "platform/text/json.h"

namespace latchkey::doctor {
namespace {

// What this server serves under the addresses that clients use.
constexpr Route kLogin{"GET", "/_matrix/client/v3/login"};
constexpr auto kOurs = std::to_array<Route>({
    kLogin,
    {"GET", "/_matrix/client/v3/account/whoami"},
    {"GET", "/_matrix/client/v3/devices"},
    {"POST", "/_matrix/client/v3/logout"},
    {"POST", "/_matrix/client/v3/refresh"},
    {"POST", "/_matrix/client/v3/register"},
    {"POST", "/_matrix/client/v3/account/password"},
    {"POST", "/_matrix/client/v3/account/deactivate"},
    {"POST", "/_matrix/client/v3/delete_devices"},
    {"GET", "/_matrix/client/v1/auth_metadata"},
    {"GET", "/.well-known/openid-configuration"},
    {"GET", "/oauth2/keys.json"},
    {"POST", "/oauth2/token"},
});
constexpr auto kOfNobodyOutside = std::to_array<std::pair<At, Route>>({
    {At::here, {"GET", "/edge/check"}},
    {At::here, {"POST", "/oauth2/introspect"}},
    {At::homeserver, {"GET", "/_synapse/mas/query_user?localpart=x"}},
    {At::homeserver, {"GET", "/_synapse/admin/v2/users"}},
});

std::string_view without_slashes(std::string_view url) {
  return url.substr(0, url.find_last_not_of('/') + 1);
}

// One, or two if Matrix has an address of its own.
std::vector<std::string> addresses(const Facts& facts) {
  std::vector<std::string> all{facts.public_url};
  if (facts.matrix_url != facts.public_url) all.push_back(facts.matrix_url);
  return all;
}

// Where an address is said.
std::string_view source(const Facts& facts, const std::string& url) {
  return url == facts.public_url ? "public_url" : "base_url in /.well-known/matrix/client";
}

// Whether something answers at that address. Also says whether others can read along.
bool reached(const Facts& facts, const std::string& url, const Ask& ask, Report& report) {
  if (url.starts_with("http:") && !local(host_of_url(url))) {
    report.wrong(
        "TLS", fmt::format("{} is not encrypted: passwords and tokens can be read on the way", url),
        fmt::format("{}: https://…, and a certificate in the reverse proxy", source(facts, url)));
  }
  const Heard heard = ask(from_outside_at(url, kVersions));
  if (!silent(heard)) return true;
  const bool certificate = heard.kind == http_client::Failure::Kind::not_trusted;
  report.wrong(certificate ? "TLS" : "the public address",
               fmt::format("{} cannot be used: {}", url, heard.fault),
               certificate ? std::string("the reverse proxy's certificate: it has to be good for "
                                         "that name, with its whole chain")
                           : fmt::format("{}, or the reverse proxy, DNS and firewall in front of "
                                         "it",
                                         source(facts, url)));
  return false;
}

}  // namespace

bool this_server(const Facts& facts, const Ask& ask, Report& report) {
  const Heard health = ask(question(At::here, {"GET", "/health"}));
  if (silent(health)) {
    report.wrong(
        "this server", fmt::format("nothing answers at {}: {}", facts.listen, health.fault),
        "start it: latchkey serve; if it runs with another configuration, name that with --config");
    return false;
  }
  if (health.status != 200) {
    report.wrong("this server", fmt::format("it answers {} to GET /health", told(health)),
                 health.status == 503
                     ? "see its log: most likely the database is away (database:)"
                     : fmt::format("listen: something else answers at {}", facts.listen));
    return false;
  }
  report.good("this server", fmt::format("answers at {}", facts.listen));
  return true;
}

WellKnown look_up(const Facts& facts, const Ask& ask) {
  WellKnown found{.host = std::string(accounts::host_of_server_name(facts.server_name))};
  if (local(found.host)) {
    found.looked_up = false;  // no name that others could look up
    return found;
  }
  found.heard = ask(question(At::name, {"GET", "/.well-known/matrix/client"}));
  const auto object = object_of(found.heard);
  const auto* server = object.if_contains("m.homeserver");
  if (server != nullptr && server->is_object()) {
    found.base_url = without_slashes(text::text_of(server->get_object(), "base_url"));
  }
  return found;
}

std::string matrix_url(const Facts& facts, const Ask& ask, const WellKnown& well_known) {
  const std::string& base = well_known.base_url;
  if (host_of_url(base).empty() || base == without_slashes(facts.public_url)) {
    return facts.public_url;
  }
  std::string url = base + "/";
  const Heard versions = ask(from_outside_at(facts.public_url, kVersions));
  // An address of this server's own has no Matrix paths. Where it has them, the other address may
  // be one of earlier days.
  const bool has_matrix = of_a_matrix_server(versions) || versions.status == 503;
  if (has_matrix && !same(ask(from_outside_at(url, kLogin)), ask(question(At::here, kLogin)))) {
    return facts.public_url;
  }
  return url;
}

bool public_address(const Facts& facts, const Ask& ask, const WellKnown& well_known,
                    Report& report) {
  for (const std::string& url : addresses(facts)) {
    if (!reached(facts, url, ask, report)) return false;
  }
  const Heard versions = ask(from_outside(facts, kVersions));
  if (versions.status == 503 && facts.behind_synapse) {
    report.wrong(
        "the public address",
        fmt::format("{}_matrix/client/versions answers {}: the reverse proxy does not reach the "
                    "homeserver",
                    facts.matrix_url, told(versions)),
        "the address of the homeserver in the reverse proxy's configuration");
    return true;
  }
  if (!of_a_matrix_server(versions)) {
    std::string change = fmt::format("{}, or the server block of that name in the reverse proxy",
                                     source(facts, facts.matrix_url));
    if (well_known.looked_up && well_known.base_url.empty()) {
      change += fmt::format(
          "; if Matrix has another address, https://{}/.well-known/matrix/client has to name it",
          well_known.host);
    }
    report.wrong("the public address",
                 fmt::format("{} is no Matrix server: GET /_matrix/client/versions answers {}",
                             facts.matrix_url, told(versions)),
                 std::move(change));
    return false;
  }
  compare_clocks("the public address", versions, report);
  for (const std::string& url : addresses(facts)) {
    report.good("the public address", fmt::format("{} answers", url));
  }
  return true;
}

void our_routes(const Facts& facts, const Ask& ask, Report& report) {
  std::vector<std::string> lost;
  std::string example;
  for (const Route& route : kOurs) {
    const Heard here = ask(question(At::here, route));
    const Heard there = ask(from_outside(facts, route));
    if (here.status == 429 || there.status == 429 || same(here, there)) continue;
    if (example.empty()) {
      example = fmt::format("answers {} there and {} here", told(there), told(here));
    }
    lost.push_back(fmt::format("{} {}", route.method, route.path));
  }
  if (lost.empty()) {
    report.good("routes", "what is this server's comes to it");
    return;
  }
  report.wrong("routes",
               fmt::format("{} of {} paths of this server do not come to it: {} ({})", lost.size(),
                           kOurs.size(), fmt::join(lost, ", "), example),
               fmt::format("the reverse proxy: these paths go to {} (latchkey homeserver config "
                           "nginx, or caddy, prints them)",
                           facts.listen));
}

void hidden_routes(const Facts& facts, const Ask& ask, Report& report) {
  std::vector<std::string> exposed;
  for (const auto& [at, route] : kOfNobodyOutside) {
    if (at == At::homeserver && !facts.behind_synapse) continue;
    const Heard inside = ask(question(at, route));
    const auto all = addresses(facts);
    // Another 404 than the proxy's own may be one of a server that was asked.
    if (std::ranges::any_of(all, [&](const std::string& url) {
          const Heard outside = ask(from_outside_at(url, route));
          return outside.status != 404 && !silent(outside) && same(inside, outside);
        })) {
      exposed.emplace_back(route.path);
    }
  }
  if (exposed.empty()) {
    report.good("what is for nobody outside", "is not reached from outside");
  } else if (through_a_proxy(facts)) {
    report.wrong("what is for nobody outside",
                 fmt::format("everybody can reach {}", fmt::join(exposed, ", ")),
                 "the reverse proxy: let through what is named (latchkey homeserver config nginx, "
                 "or caddy), and answer 404 to everything else");
  }
}

void well_known_file(const Facts& facts, const WellKnown& well_known, Report& report) {
  if (!well_known.looked_up) return;
  const auto& [host, looked_up, heard, base] = well_known;
  const std::string expected(without_slashes(facts.matrix_url));
  if (base == expected) {
    report.good("well-known", fmt::format("clients find {} by {}", expected, facts.server_name));
    return;
  }
  // At the public address itself clients need none.
  if (host == host_of_url(facts.public_url) && heard.status == 404) return;
  report.wrong(
      "well-known",
      base.empty()
          ? fmt::format("https://{}/.well-known/matrix/client answers {}: clients do not "
                        "find the server of @somebody:{}",
                        host, told(heard), facts.server_name)
          : fmt::format("https://{}/.well-known/matrix/client leads clients to {}", host, base),
      fmt::format(
          R"(what serves https://{}: {{"m.homeserver": {{"base_url": "{}"}}}} at that path)", host,
          expected));
}

void forwarded_addresses(const Facts& facts, Report& report) {
  if (!through_a_proxy(facts) || facts.trusts_a_proxy) return;
  report.wrong(
      "forwarded addresses",
      "requests come through a reverse proxy that is not trusted: everybody seems to have its "
      "address, and one person's wrong passwords lock out all",
      "http.trusted_proxies: the addresses of the reverse proxy, as [\"127.0.0.1\"]");
}

}  // namespace latchkey::doctor

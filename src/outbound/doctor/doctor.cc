#include "outbound/doctor/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <utility>

#include "domain/token_prefixes.h"

namespace latchkey::doctor {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using Kind = Finding::Kind;

// Shaped like one of ours, and made by nobody.
const std::string kNobodysToken = std::string(text_of(TokenPrefix::access)) + std::string(44, '0');
constexpr std::string_view kSync = "/_matrix/client/v3/sync?timeout=0";
constexpr std::string_view kDevice = "LATCHKEYDOCTOR";
constexpr Duration kClockTolerance = 30s;
constexpr Duration kStuckAfter = 5min;
constexpr std::string_view kSection = "matrix_authentication_service";

// What this server serves under the address that clients use. Each is answered without a token, and
// changes nothing.
struct Route {
  std::string_view method;
  std::string_view path;
};
constexpr auto kOurs = std::to_array<Route>({
    {"GET", "/_matrix/client/v3/login"},
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
constexpr auto kTheirs = std::to_array<Route>({
    {"GET", "/_matrix/client/versions"},
    {"GET", "/_matrix/federation/v1/version"},
    {"GET", "/_matrix/client/v3/rooms/%21x:x/state"},
});
constexpr auto kOfNobodyOutside = std::to_array<std::pair<At, Route>>({
    {At::here, {"GET", "/edge/check"}},
    {At::here, {"POST", "/oauth2/introspect"}},
    {At::homeserver, {"GET", "/_synapse/mas/query_user?localpart=x"}},
    {At::homeserver, {"GET", "/_synapse/admin/v2/users"}},
});

Question question(At at, const Route& route) {
  return {.at = at,
          .method = std::string(route.method),
          .path = std::string(route.path),
          .body = route.method == "POST" ? "no JSON" : ""};
}

std::optional<json::object> object_of(const Heard& heard) {
  boost::system::error_code fault;
  json::value value = json::parse(heard.body, fault);
  if (fault || !value.is_object()) return std::nullopt;
  return std::move(value).as_object();
}

std::string text_of(const std::optional<json::object>& object, std::string_view name) {
  if (!object) return {};
  const auto* value = object->if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::string errcode(const Heard& heard) { return text_of(object_of(heard), "errcode"); }

bool silent(const Heard& heard) { return heard.status == 0; }
bool same(const Heard& one, const Heard& other) {
  return one.status == other.status && one.body == other.body;
}

// What came back, for a sentence.
std::string told(const Heard& heard) {
  if (silent(heard)) return heard.fault;
  const auto object = object_of(heard);
  std::string code = text_of(object, "errcode");
  if (code.empty()) code = text_of(object, "error");
  return code.empty() ? fmt::format("{}", heard.status) : fmt::format("{} {}", heard.status, code);
}

std::string_view host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != url.npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find('/'));
  if (url.starts_with('[')) return url.substr(0, url.find(']') + 1);
  return url.substr(0, url.find(':'));
}

// A name or an address that means this machine, wherever it is read.
bool local(std::string_view host) {
  return host == "localhost" || host.starts_with("127.") || host == "[::1]";
}

class Examination {
 public:
  Examination(const Facts& facts, const Ask& ask) : facts_(facts), ask_(ask) {}

  std::vector<Finding> findings;

  // Whether there is somebody to examine.
  bool server() {
    const Heard health = ask_({.at = At::here, .path = "/health"});
    if (silent(health)) {
      wrong("this server", fmt::format("nothing answers at {}: {}", facts_.listen, health.fault),
            "start it: latchkey serve; if it runs with another configuration, name that with "
            "--config");
      return false;
    }
    if (health.status != 200) {
      wrong("this server", fmt::format("it answers {} to GET /health", told(health)),
            health.status == 503
                ? "see its log: most likely the database is away (database:)"
                : fmt::format("listen: something else answers at {}", facts_.listen));
      return false;
    }
    metadata_ = ask_({.at = At::here, .path = "/.well-known/openid-configuration"});
    good("this server", fmt::format("answers at {}", facts_.listen));
    return true;
  }

  bool outside() {
    if (facts_.public_url.starts_with("http:") && !local(host_of(facts_.public_url))) {
      wrong("TLS",
            fmt::format("{} is not encrypted: passwords and tokens can be read on the way",
                        facts_.public_url),
            "public_url: https://…, and a certificate in the reverse proxy");
    }
    const Heard versions = ask_({.at = At::outside, .path = "/_matrix/client/versions"});
    if (silent(versions)) {
      const bool certificate = versions.fault.find("certificate") != std::string::npos ||
                               versions.fault.find("SSL") != std::string::npos;
      wrong(certificate ? "TLS" : "the public address",
            fmt::format("{} cannot be used: {}", facts_.public_url, versions.fault),
            certificate ? "the reverse proxy's certificate: it has to be good for that name, with "
                          "its whole chain"
                        : "public_url, or the reverse proxy, DNS and firewall in front of it");
      return false;
    }
    if (versions.status == 503 && facts_.behind_synapse) {
      wrong(
          "the public address",
          fmt::format("{}_matrix/client/versions answers {}: the reverse proxy does not reach the "
                      "homeserver",
                      facts_.public_url, told(versions)),
          "the address of the homeserver in the reverse proxy's configuration");
      return true;
    }
    const auto object = object_of(versions);
    if (versions.status != 200 || !object || !object->contains("versions")) {
      wrong("the public address",
            fmt::format("{} is no Matrix server: GET /_matrix/client/versions answers {}",
                        facts_.public_url, told(versions)),
            "public_url, or the server block of that name in the reverse proxy");
      return false;
    }
    clock("the public address", versions);
    good("the public address", fmt::format("{} answers", facts_.public_url));
    return true;
  }

  void our_routes() {
    std::vector<std::string> lost;
    std::string example;
    for (const Route& route : kOurs) {
      const Heard here = ask_(question(At::here, route));
      const Heard there = ask_(question(At::outside, route));
      if (here.status == 429 || there.status == 429 || same(here, there)) continue;
      if (example.empty()) {
        example = fmt::format("answers {} there and {} here", told(there), told(here));
      }
      lost.push_back(fmt::format("{} {}", route.method, route.path));
    }
    if (lost.empty()) {
      good("routes", "what is this server's comes to it");
      return;
    }
    wrong("routes",
          fmt::format("{} of {} paths of this server do not come to it: {} ({})", lost.size(),
                      kOurs.size(), fmt::join(lost, ", "), example),
          fmt::format("the reverse proxy: these paths go to {} (latchkey homeserver config nginx, "
                      "or caddy, prints them)",
                      facts_.listen));
  }

  bool homeserver() {
    const Heard health = ask_({.at = At::homeserver, .path = "/_matrix/client/versions"});
    if (silent(health)) {
      wrong(
          "the homeserver", fmt::format("nothing answers at {}: {}", facts_.endpoint, health.fault),
          "homeserver.endpoint: the address of a listener of Synapse with the resource client; or "
          "start Synapse");
      return false;
    }
    const auto object = object_of(health);
    if (health.status != 200 || !object || !object->contains("versions")) {
      wrong("the homeserver",
            fmt::format("{} is no homeserver: GET /_matrix/client/versions answers {}",
                        facts_.endpoint, told(health)),
            "homeserver.endpoint");
      return false;
    }
    const Heard ours = ask_({.at = At::here, .path = "/_matrix/client/versions"});
    if (same(health, ours)) {
      wrong("the homeserver", fmt::format("{} leads back to this server", facts_.endpoint),
            "homeserver.endpoint: Synapse's own address");
      return false;
    }
    clock("the homeserver", health);
    good("the homeserver", fmt::format("answers at {}", facts_.endpoint));
    return true;
  }

  // Whether Synapse takes our word.
  bool secret_to_homeserver() {
    const Heard heard = ask_({.at = At::homeserver,
                              .path = "/_synapse/mas/query_user?localpart=latchkey-doctor",
                              .with_secret = true});
    if (heard.status == 200 || (heard.status == 404 && errcode(heard) != "M_UNRECOGNIZED")) {
      good("the secret, from here to Synapse", "is taken");
      return true;
    }
    if (heard.status == 404) {
      wrong("delegation", fmt::format("Synapse at {} does not delegate sign-in", facts_.endpoint),
            fmt::format("homeserver.yaml: {}.enabled: true (latchkey homeserver config synapse "
                        "prints the section), then restart Synapse",
                        kSection));
    } else if (heard.status == 401 || heard.status == 403) {
      wrong("the secret, from here to Synapse", "Synapse refuses it",
            fmt::format("homeserver.secret here and {}.secret in homeserver.yaml: the same text",
                        kSection));
    } else {
      wrong("provisioning",
            fmt::format("Synapse answers {} when it is asked for a user", told(heard)),
            "see Synapse's log");
    }
    return false;
  }

  void provisioning() {
    const Heard heard =
        ask_({.at = At::homeserver,
              .path = "/_synapse/mas/is_localpart_available?localpart=latchkey-doctor",
              .with_secret = true});
    if (heard.status == 200 || errcode(heard) == "M_USER_IN_USE") {
      good("provisioning", "Synapse says which names are free");
    } else {
      wrong("provisioning",
            fmt::format("Synapse answers {} when it is asked for a name", told(heard)),
            "see Synapse's log");
    }
  }

  // Metadata and introspection: what Synapse asks of us. Which of the two fails tells what is
  // wrong.
  void synapse_asks(bool secret_is_taken) {
    const Heard theirs = ask_({.at = At::homeserver, .path = "/_matrix/client/v1/auth_metadata"});
    const Heard judged = ask_({.at = At::homeserver,
                               .path = "/_matrix/client/v3/account/whoami",
                               .bearer = kNobodysToken});
    const bool has_metadata = theirs.status == 200;
    const bool has_judged = judged.status == 401 && errcode(judged) == "M_UNKNOWN_TOKEN";
    if (!has_metadata && !has_judged) {
      wrong(
          "Synapse's requests to this server",
          fmt::format("Synapse gets no answer that it understands (auth_metadata: {}, a token: {})",
                      told(theirs), told(judged)),
          fmt::format("homeserver.yaml: {0}.endpoint: http://{1}/, directly and not through the "
                      "reverse proxy, and {0}.force_http2: false",
                      kSection, facts_.listen));
      return;
    }
    if (!has_judged) {
      // Synapse has one secret for both directions.
      wrong("introspection",
            fmt::format("Synapse answers {} to a token: it cannot ask this server about it, though "
                        "it has its metadata{}",
                        told(judged), secret_is_taken ? " and the right secret" : ""),
            secret_is_taken
                ? fmt::format("homeserver.yaml: {}.force_http2: false, for this server speaks "
                              "HTTP/1.1; and restart this server if its secret was changed",
                              kSection)
                : fmt::format("{}.secret in homeserver.yaml and homeserver.secret (or "
                              "introspection.secret) here: the same text",
                              kSection));
    } else {
      good("introspection", "Synapse asks this server about tokens, with the right secret");
    }
    compare_metadata(theirs);
  }

  void their_routes() {
    std::vector<std::string> lost;
    for (const Route& route : kTheirs) {
      const Heard there = ask_(question(At::homeserver, route));
      const Heard outside = ask_(question(At::outside, route));
      if (!same(there, outside)) {
        lost.push_back(fmt::format("{} {} ({})", route.method, route.path, told(outside)));
      }
    }
    if (lost.empty()) {
      good("routes to the homeserver", "what is the homeserver's comes to it");
    } else {
      wrong(
          "routes to the homeserver",
          fmt::format("these do not come to {}: {}", facts_.endpoint, fmt::join(lost, ", ")),
          fmt::format("the reverse proxy: what is not this server's goes to {}", facts_.endpoint));
    }
  }

  void hidden_routes() {
    std::vector<std::string> exposed;
    for (const auto& [at, route] : kOfNobodyOutside) {
      if (at == At::homeserver && !facts_.behind_synapse) continue;
      const Heard inside = ask_(question(at, route));
      const Heard outside = ask_(question(At::outside, route));
      // Another 404 than the proxy's own may be one of a server that was asked.
      if (outside.status != 404 && !silent(outside) && same(inside, outside)) {
        exposed.emplace_back(route.path);
      }
    }
    if (exposed.empty()) {
      good("what is for nobody outside", "is not reached from outside");
    } else if (through_a_proxy()) {
      wrong("what is for nobody outside",
            fmt::format("everybody can reach {}", fmt::join(exposed, ", ")),
            "the reverse proxy: let through what is named (latchkey homeserver config nginx, or "
            "caddy), and answer 404 to everything else");
    }
  }

  // Who says that a token is not good: this server, through the proxy's check, or the homeserver.
  void edge() {
    const Heard ours = ask_({.at = At::here, .path = "/edge/check", .bearer = kNobodysToken});
    const Heard outside =
        ask_({.at = At::outside, .path = std::string(kSync), .bearer = kNobodysToken});
    if (ours.status == 429 || outside.status == 429) return;
    if (same(ours, outside)) {
      good("the edge", "the reverse proxy asks this server about tokens");
      return;
    }
    if (outside.status >= 500) {
      wrong("the edge",
            fmt::format("/sync answers {} to a token that nobody has made", told(outside)),
            fmt::format("the check in the reverse proxy: it has to reach {} at /edge/check",
                        facts_.listen));
      return;
    }
    const auto said = object_of(outside);
    const bool bare = outside.status == 401 && text_of(said, "errcode").empty();
    wrong(
        "the edge",
        bare
            ? "the reverse proxy asks this server, and does not pass on its answer: clients "
              "cannot read the 401, and do not know that they may keep their keys"
            : fmt::format("the reverse proxy does not ask this server about tokens ({} to one that "
                          "nobody has made): a session that ends goes on for two minutes, and "
                          "then clients wipe their keys",
                          told(outside)),
        bare
            ? "nginx: error_page 401 and X-Matrix-Error, as latchkey homeserver config nginx has "
              "them"
            : "the reverse proxy: auth_request (nginx) or forward_auth (Caddy) before what goes to "
              "the homeserver, as latchkey homeserver config nginx, or caddy, has it");
  }

  void well_known() {
    const std::string host(host_of(facts_.server_name));
    if (local(host)) return;  // no name that others could look up
    const Heard client = ask_({.at = At::name, .path = "/.well-known/matrix/client"});
    const auto object = object_of(client);
    std::string base;
    if (object) {
      if (const auto* of = object->if_contains("m.homeserver"); of != nullptr && of->is_object()) {
        base = text_of(of->as_object(), "base_url");
      }
    }
    const std::string expected(facts_.public_url.substr(0, facts_.public_url.size() - 1));
    if (base == expected || base == facts_.public_url) {
      good("well-known", fmt::format("clients find {} by {}", expected, facts_.server_name));
      return;
    }
    // At the public address itself clients need none.
    if (host == host_of(facts_.public_url) && client.status == 404) return;
    wrong("well-known",
          base.empty()
              ? fmt::format("https://{}/.well-known/matrix/client answers {}: clients do not "
                            "find the server of @somebody:{}",
                            host, told(client), facts_.server_name)
              : fmt::format("https://{}/.well-known/matrix/client leads clients to {}", host, base),
          fmt::format(
              R"(what serves https://{}: {{"m.homeserver": {{"base_url": "{}"}}}} at that path)",
              host, expected));
  }

  void addresses() {
    if (!through_a_proxy() || facts_.trusts_a_proxy) return;
    wrong("forwarded addresses",
          "requests come through a reverse proxy that is not trusted: everybody seems to have its "
          "address, and one person's wrong passwords lock out all",
          "http.trusted_proxies: the addresses of the reverse proxy, as [\"127.0.0.1\"]");
  }

  void outbox(const std::vector<Waiting>& waiting) {
    bool stuck = false;
    for (const Waiting& of : waiting) {
      const Duration age = facts_.now - of.oldest;
      if (of.count == 0 || age < kStuckAfter) continue;
      stuck = true;
      wrong(
          "the outbox",
          fmt::format("{} things that {} has to be told wait, the oldest for {} minutes", of.count,
                      of.consumer, std::chrono::floor<std::chrono::minutes>(age).count()),
          "see this server's log for why; they are tried again by themselves");
    }
    if (!stuck) good("the outbox", "nothing waits for long");
  }

  // A whole session: sign-in, use, end.
  void session(const Account& account) {
    const json::object identifier{{"type", "m.id.user"}, {"user", account.name}};
    const Heard signed_in = ask_({.at = At::outside,
                                  .method = "POST",
                                  .path = "/_matrix/client/v3/login",
                                  .body = json::serialize(json::object{
                                      {"type", "m.login.password"},
                                      {"identifier", identifier},
                                      {"password", account.password},
                                      {"device_id", kDevice},
                                      {"initial_device_display_name", "latchkey doctor"}})});
    const std::string token = text_of(object_of(signed_in), "access_token");
    if (token.empty()) {
      wrong("a session", fmt::format("{} cannot sign in: {}", account.name, told(signed_in)),
            signed_in.status == 403 ? "the password, or the name"
            : signed_in.status == 503
                ? "see this server's log: it could not make the device at the homeserver"
                : "see this server's log");
      return;
    }
    good("a session", fmt::format("{} signs in", account.name));
    const auto with = [&token](At at, std::string path) {
      return Question{.at = at, .path = std::move(path), .bearer = token};
    };
    const Heard whoami = ask_(with(At::outside, std::string(kSync)));
    if (facts_.behind_synapse && whoami.status != 200) {
      wrong(
          "a session", fmt::format("a new token is answered {} by /sync", told(whoami)),
          whoami.status == 500 || whoami.status == 401
              ? "Synapse does not know its user or device: homeserver.kind: synapse, and the same "
                "server_name on both"
              : "see Synapse's log");
    }
    seen_from(ask_(with(At::outside, fmt::format("/_matrix/client/v3/devices/{}", kDevice))));
    if (facts_.behind_synapse)
      capabilities(ask_(with(At::outside, "/_matrix/client/v3/capabilities")));
    const Heard ended = ask_({.at = At::outside,
                              .method = "POST",
                              .path = "/_matrix/client/v3/logout",
                              .bearer = token,
                              .body = "{}"});
    if (ended.status != 200) {
      wrong("a session", fmt::format("logging out is answered {}", told(ended)),
            "see this server's log");
      return;
    }
    const Heard after = ask_(
        with(At::outside,
             std::string(facts_.behind_synapse ? kSync : "/_matrix/client/v3/account/whoami")));
    const auto object = object_of(after);
    const auto* soft = object ? object->if_contains("soft_logout") : nullptr;
    if (after.status == 401 && soft != nullptr && soft->is_bool() && !soft->as_bool()) {
      good("a session", "a token that was logged out is refused at once");
    } else {
      wrong(
          "a session",
          fmt::format("a token that was logged out is answered {}: the homeserver goes by what it "
                      "remembers",
                      told(after)),
          "the reverse proxy's check (the edge), also for this path");
    }
  }

 private:
  void good(std::string subject, std::string sentence) {
    findings.push_back({Kind::good, std::move(subject), std::move(sentence), {}});
  }
  void wrong(std::string subject, std::string sentence, std::string change) {
    findings.push_back({Kind::wrong, std::move(subject), std::move(sentence), std::move(change)});
  }
  void advise(std::string subject, std::string sentence, std::string change) {
    findings.push_back({Kind::advice, std::move(subject), std::move(sentence), std::move(change)});
  }

  // Clients do not come to the address that this server listens on.
  bool through_a_proxy() const {
    return facts_.behind_synapse || facts_.public_url != fmt::format("http://{}/", facts_.listen);
  }

  void compare_metadata(const Heard& theirs) {
    const auto here = object_of(metadata_);
    const auto there = object_of(theirs);
    if (theirs.status != 200 || !there) {
      wrong("metadata", fmt::format("Synapse has no metadata of this server: {}", told(theirs)),
            "restart Synapse; it reads them when it is first asked");
      return;
    }
    if (here && *here == *there) {
      good("metadata", "Synapse serves those of this server");
      return;
    }
    wrong(
        "metadata",
        text_of(here, "issuer") == text_of(there, "issuer")
            ? std::string("Synapse serves metadata of this server from an earlier time")
            : fmt::format("Synapse serves the metadata of {} and this server is {}",
                          text_of(there, "issuer"), text_of(here, "issuer")),
        fmt::format("restart Synapse: it reads them once; if that does not help, {}.endpoint leads "
                    "to another server",
                    kSection));
  }

  void clock(std::string_view whose, const Heard& heard) {
    if (!heard.date) return;
    const Duration off =
        *heard.date > facts_.now ? *heard.date - facts_.now : facts_.now - *heard.date;
    if (off <= kClockTolerance) return;
    wrong("clocks",
          fmt::format("{} and this machine differ by {} seconds: tokens end too early or too late",
                      whose, std::chrono::floor<std::chrono::seconds>(off).count()),
          "the clock of whichever is wrong: timedatectl set-ntp true");
  }

  void seen_from(const Heard& device) {
    const std::string address = text_of(object_of(device), "last_seen_ip");
    const bool inside = address.starts_with("127.") || address == "::1" || address == "unix";
    if (inside && !local(host_of(facts_.public_url)) && through_a_proxy()) {
      advise("forwarded addresses", fmt::format("this request seems to come from {}", address),
             "the reverse proxy has to set X-Forwarded-For; if this was asked on the same machine, "
             "all is well");
    }
  }

  void capabilities(const Heard& heard) {
    const auto object = object_of(heard);
    const auto* of = object ? object->if_contains("capabilities") : nullptr;
    if (heard.status != 200 || of == nullptr || !of->is_object() ||
        !of->as_object().contains("m.room_versions")) {
      wrong(
          "capabilities",
          fmt::format("GET /capabilities answers {} without m.room_versions", told(heard)),
          "the reverse proxy: /capabilities goes where latchkey homeserver config nginx, or caddy, "
          "sends it");
      return;
    }
    good("capabilities", "are the homeserver's");
  }

  const Facts& facts_;
  const Ask& ask_;
  Heard metadata_;
};

std::string_view word_of(Kind kind) {
  switch (kind) {
    case Kind::good:
      return "good";
    case Kind::advice:
      return "look";
    case Kind::wrong:
      return "wrong";
  }
  return "";
}

}  // namespace

std::vector<Finding> examine(const Facts& facts, const Ask& ask,
                             const std::optional<Account>& account,
                             const std::vector<Waiting>& outbox) {
  Examination examination(facts, ask);
  if (!examination.server()) return std::move(examination.findings);
  const bool outside = examination.outside();
  bool homeserver = false;
  if (outside) examination.our_routes();
  if (facts.behind_synapse) {
    homeserver = examination.homeserver();
    if (homeserver) {
      const bool taken = examination.secret_to_homeserver();
      if (taken) examination.provisioning();
      examination.synapse_asks(taken);
    }
    if (homeserver && outside) {
      examination.their_routes();
      examination.edge();
    }
  }
  if (outside) {
    examination.hidden_routes();
    examination.well_known();
  }
  examination.addresses();
  examination.outbox(outbox);
  if (account && outside) examination.session(*account);
  return std::move(examination.findings);
}

bool healthy(const std::vector<Finding>& findings) {
  return std::ranges::none_of(findings, [](const Finding& of) { return of.kind == Kind::wrong; });
}

std::string say(const std::vector<Finding>& findings) {
  std::string words;
  for (const Finding& of : findings) {
    words += fmt::format("{:<6} {}: {}\n", word_of(of.kind), of.subject, of.sentence);
    if (!of.change.empty()) words += fmt::format("       change: {}\n", of.change);
  }
  const auto wrong = std::ranges::count(findings, Kind::wrong, &Finding::kind);
  words += wrong == 0 ? std::string("Nothing is wrong.")
                      : fmt::format("{} {} wrong.", wrong, wrong == 1 ? "thing is" : "things are");
  return words;
}

json::object as_json(const std::vector<Finding>& findings) {
  json::array list;
  for (const Finding& of : findings) {
    json::object described{
        {"result", word_of(of.kind)}, {"subject", of.subject}, {"sentence", of.sentence}};
    if (!of.change.empty()) described["change"] = of.change;
    list.push_back(std::move(described));
  }
  return {{"ok", healthy(findings)}, {"findings", std::move(list)}};
}

}  // namespace latchkey::doctor

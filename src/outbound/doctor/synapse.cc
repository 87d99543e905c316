// The homeserver, and what it and this server say to each other.

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <ranges>

#include "outbound/doctor/examinations.h"
#include "platform/text/counted.h"
#include "platform/text/json.h"

namespace latchkey::doctor {
namespace {

using namespace std::chrono_literals;

constexpr Duration kStuckAfter = 5min;
constexpr std::string_view kSection = "matrix_authentication_service";

constexpr auto kTheirs = std::to_array<Route>({
    kVersions,
    {"GET", "/_matrix/federation/v1/version"},
    {"GET", "/_matrix/client/v3/rooms/%21x:x/state"},
});

// Whether Synapse takes our word.
bool secret_works(const Facts& facts, const Ask& ask, Report& report) {
  const Heard heard = ask({.at = At::homeserver,
                           .path = "/_synapse/mas/query_user?localpart=latchkey-doctor",
                           .with_secret = true});
  if (heard.status == 200 || (heard.status == 404 && errcode(heard) != "M_UNRECOGNIZED")) {
    report.good("the secret, from here to Synapse", "is taken");
    return true;
  }
  if (heard.status == 404) {
    report.wrong(
        "delegation", fmt::format("Synapse at {} does not delegate sign-in", facts.endpoint),
        fmt::format("homeserver.yaml: {}.enabled: true (latchkey homeserver config synapse "
                    "prints the section), then restart Synapse",
                    kSection));
  } else if (heard.status == 401 || heard.status == 403) {
    report.wrong(
        "the secret, from here to Synapse", "Synapse refuses it",
        fmt::format("homeserver.secret here and {}.secret in homeserver.yaml: the same text",
                    kSection));
  } else {
    report.wrong("provisioning",
                 fmt::format("Synapse answers {} when it is asked for a user", told(heard)),
                 "see Synapse's log");
  }
  return false;
}

void provisioning(const Ask& ask, Report& report) {
  const Heard heard = ask({.at = At::homeserver,
                           .path = "/_synapse/mas/is_localpart_available?localpart=latchkey-doctor",
                           .with_secret = true});
  if (heard.status == 200 || errcode(heard) == "M_USER_IN_USE") {
    report.good("provisioning", "Synapse says which names are free");
  } else {
    report.wrong("provisioning",
                 fmt::format("Synapse answers {} when it is asked for a name", told(heard)),
                 "see Synapse's log");
  }
}

void compare_metadata(const Heard& ours, const Heard& theirs, Report& report) {
  const auto here = object_of(ours);
  const auto there = object_of(theirs);
  if (theirs.status != 200 || there.empty()) {
    report.wrong("metadata",
                 fmt::format("Synapse has no metadata of this server: {}", told(theirs)),
                 "restart Synapse; it reads them when it is first asked");
    return;
  }
  if (here == there) {
    report.good("metadata", "Synapse serves those of this server");
    return;
  }
  report.wrong(
      "metadata",
      text::text_of(here, "issuer") == text::text_of(there, "issuer")
          ? std::string("Synapse serves metadata of this server from an earlier time")
          : fmt::format("Synapse serves the metadata of {} and this server is {}",
                        text::text_of(there, "issuer"), text::text_of(here, "issuer")),
      fmt::format("restart Synapse: it reads them once; if that does not help, {}.endpoint leads "
                  "to another server",
                  kSection));
}

// Metadata and introspection: what Synapse asks of us. Which of the two fails tells what is
// wrong.
void synapse_asks(const Facts& facts, const Ask& ask, bool secret_is_taken, Report& report) {
  const Heard theirs = ask({.at = At::homeserver, .path = "/_matrix/client/v1/auth_metadata"});
  const Heard judged = ask(
      {.at = At::homeserver, .path = "/_matrix/client/v3/account/whoami", .bearer = kNobodysToken});
  const bool has_metadata = theirs.status == 200;
  const bool has_judged = judged.status == 401 && errcode(judged) == "M_UNKNOWN_TOKEN";
  if (!has_metadata && !has_judged) {
    report.wrong(
        "Synapse's requests to this server",
        fmt::format("Synapse gets no answer that it understands (auth_metadata: {}, a token: {})",
                    told(theirs), told(judged)),
        fmt::format("homeserver.yaml: {0}.endpoint: http://{1}/, directly and not through the "
                    "reverse proxy, and {0}.force_http2: false",
                    kSection, facts.listen));
    return;
  }
  if (!has_judged) {
    // Synapse has one secret for both directions.
    report.wrong(
        "introspection",
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
    report.good("introspection", "Synapse asks this server about tokens, with the right secret");
  }
  compare_metadata(ask(question(At::here, {"GET", "/.well-known/openid-configuration"})), theirs,
                   report);
}

}  // namespace

bool homeserver(const Facts& facts, const Ask& ask, Report& report) {
  const Heard health = ask(question(At::homeserver, kVersions));
  if (silent(health)) {
    report.wrong(
        "the homeserver", fmt::format("nothing answers at {}: {}", facts.endpoint, health.fault),
        "homeserver.endpoint: the address of a listener of Synapse with the resource client; or "
        "start Synapse");
    return false;
  }
  if (!of_a_matrix_server(health)) {
    report.wrong("the homeserver",
                 fmt::format("{} is no homeserver: GET /_matrix/client/versions answers {}",
                             facts.endpoint, told(health)),
                 "homeserver.endpoint");
    return false;
  }
  const Heard ours = ask(question(At::here, kVersions));
  if (same(health, ours)) {
    report.wrong("the homeserver", fmt::format("{} leads back to this server", facts.endpoint),
                 "homeserver.endpoint: Synapse's own address");
    return false;
  }
  compare_clocks("the homeserver", health, report);
  report.good("the homeserver", fmt::format("answers at {}", facts.endpoint));
  return true;
}

void both_directions(const Facts& facts, const Ask& ask, Report& report) {
  const bool taken = secret_works(facts, ask, report);
  if (taken) provisioning(ask, report);
  synapse_asks(facts, ask, taken, report);
}

void their_routes(const Facts& facts, const Ask& ask, Report& report) {
  std::vector<std::string> lost;
  for (const Route& route : kTheirs) {
    const Heard there = ask(question(At::homeserver, route));
    const Heard outside = ask(from_outside(facts, route));
    if (!same(there, outside)) {
      lost.push_back(fmt::format("{} {} ({})", route.method, route.path, told(outside)));
    }
  }
  if (lost.empty()) {
    report.good("routes to the homeserver", "what is the homeserver's comes to it");
  } else {
    report.wrong(
        "routes to the homeserver",
        fmt::format("these do not come to {}: {}", facts.endpoint, fmt::join(lost, ", ")),
        fmt::format("the reverse proxy: what is not this server's goes to {}", facts.endpoint));
  }
}

// Who says that a token is not good: this server, through the proxy's check, or the homeserver.
void edge(const Facts& facts, const Ask& ask, Report& report) {
  const Heard ours = ask({.at = At::here, .path = "/edge/check", .bearer = kNobodysToken});
  Question sync = from_outside(facts, {"GET", kSync});
  sync.bearer = kNobodysToken;
  const Heard outside = ask(sync);
  if (ours.status == 429 || outside.status == 429) return;
  if (same(ours, outside)) {
    report.good("the edge", "the reverse proxy asks this server about tokens");
    return;
  }
  if (outside.status >= 500) {
    report.wrong("the edge",
                 fmt::format("/sync answers {} to a token that nobody has made", told(outside)),
                 fmt::format("the check in the reverse proxy: it has to reach {} at /edge/check",
                             facts.listen));
    return;
  }
  const bool bare = outside.status == 401 && errcode(outside).empty();
  report.wrong(
      "the edge",
      bare ? "the reverse proxy asks this server, and does not pass on its answer: clients "
             "cannot read the 401, and do not know that they may keep their keys"
           : fmt::format("the reverse proxy does not ask this server about tokens ({} to one that "
                         "nobody has made): a session that ends goes on for two minutes, and "
                         "then clients wipe their keys",
                         told(outside)),
      bare ? "nginx: error_page 401 and X-Matrix-Error, as latchkey homeserver config nginx has "
             "them"
           : "the reverse proxy: auth_request (nginx) or forward_auth (Caddy) before what goes to "
             "the homeserver, as latchkey homeserver config nginx, or caddy, has it");
}

void outbox(const Facts& facts, const Inside& inside, Report& report) {
  bool stuck = false;
  for (const Waiting& of : inside.outbox) {
    const Duration age = facts.now - of.oldest;
    if (of.count == 0 || age < kStuckAfter) continue;
    stuck = true;
    report.wrong(
        "the outbox",
        fmt::format("{} things that {} has to be told wait, the oldest for {} minutes", of.count,
                    of.consumer, std::chrono::floor<std::chrono::minutes>(age).count()),
        "see this server's log for why; they are tried again by themselves");
  }
  if (!stuck) report.good("the outbox", "nothing waits for long");
  for (const Dropped& of : inside.dropped) {
    report.advise("the outbox",
                  fmt::format("{} has refused {} {} for ever since this server began; {} dropped",
                              of.consumer, of.count, of.count == 1 ? "thing" : "things",
                              of.count == 1 ? "it was" : "they were"),
                  "see this server's log for what and why");
  }
}

void drift(const Inside& inside, Report& report) {
  constexpr std::size_t kMostNamed = 5;
  const auto& all = inside.differences;
  if (inside.compared == 0) return;
  if (all.empty()) {
    report.good("drift", fmt::format("as here at the homeserver: {}",
                                     text::counted(inside.compared, "account")));
    return;
  }
  std::string named;
  for (const Different& of : all | std::views::take(kMostNamed)) {
    named += fmt::format("{}{} {}", named.empty() ? "" : ", ", of.localpart, of.how);
  }
  if (all.size() > kMostNamed) named += fmt::format(", and {} more", all.size() - kMostNamed);
  report.wrong("drift",
               fmt::format("compared with the homeserver's: {}; of these: {}",
                           text::counted(inside.compared, "account"), named),
               fmt::format("latchkey homeserver sync {} --apply tells the homeserver once more; "
                           "without the name, of all",
                           all.front().localpart));
}

}  // namespace latchkey::doctor

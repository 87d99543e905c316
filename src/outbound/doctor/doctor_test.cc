#include "outbound/doctor/doctor.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <utility>

#include "outbound/doctor/fetch.h"

namespace latchkey::doctor {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::Field;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;
using Kind = Finding::Kind;

constexpr Time kNow{std::chrono::duration_cast<Duration>(1'800'000'000s)};

// A deployment in which all is well: who answers what is a matter of who is reached. A test breaks
// one thing of it.
struct World {
  enum class Server : std::uint8_t { latchkey, synapse, proxy, nobody };

  Facts facts{.server_name = "example.com",
              .public_url = "https://matrix.example.com/",
              .listen = "127.0.0.1:8008",
              .behind_synapse = true,
              .endpoint = "http://127.0.0.1:8009/",
              .trusts_a_proxy = true,
              .now = kNow};

  // What the proxy does with a path.
  std::function<Server(const std::string&)> route = [](const std::string& path) {
    for (const char* of : {"/login", "/whoami", "/devices", "/logout", "/refresh", "/register",
                           "/password", "/deactivate", "/delete_devices", "/auth_metadata",
                           "/.well-known/openid", "/oauth2/keys.json", "/oauth2/token"}) {
      if (path.find(of) != path.npos) return Server::latchkey;
    }
    return path.starts_with("/_matrix/") ? Server::synapse : Server::proxy;
  };
  bool checks = true;  // the proxy asks about the token
  bool passes_refusals_on = true;
  bool token_ends = true;  // after a logout
  bool latchkey_runs = true;
  bool synapse_runs = true;
  bool delegates = true;
  bool our_secret_is_right = true;
  bool their_secret_is_right = true;
  bool synapse_reaches_latchkey = true;
  std::string certificate_fault;
  http_client::Failure::Kind fault_is = http_client::Failure::Kind::not_trusted;
  // Where the Matrix paths are; empty: at the public address.
  std::string matrix_address;
  Time clock = kNow;
  Duration an_answer_takes{0};
  std::string issuer = "https://matrix.example.com/";
  std::string issuer_at_synapse = "https://matrix.example.com/";
  std::string base_url = "https://matrix.example.com";
  int new_token = 200;  // of /sync
  Duration clock_of_synapse{0};
  bool logged_out = false;
  std::vector<Question> asked = {};

  static Heard error(int status, std::string_view code, std::string_view text,
                     std::string_view more = "") {
    return {.status = status,
            .body = fmt::format(R"({{"errcode":"{}","error":"{}"{}}})", code, text, more),
            .fault = {},
            .date = {}};
  }
  static Heard ok(std::string body) {
    return {.status = 200, .body = std::move(body), .fault = {}, .date = {}};
  }
  static std::string metadata(const std::string& issuer) {
    return fmt::format(R"({{"issuer":"{}"}})", issuer);
  }

  Heard latchkey(const Question& of) const {
    if (!latchkey_runs) return {.fault = "Connection refused"};
    if (of.path == "/health") return ok("{}");
    if (of.path == "/edge/check") {
      return of.bearer.empty() ? ok("")
                               : error(401, "M_UNKNOWN_TOKEN", "ours", R"(,"soft_logout":false)");
    }
    if (of.path.find("openid-configuration") != of.path.npos ||
        of.path.find("auth_metadata") != of.path.npos) {
      return ok(metadata(issuer));
    }
    if (of.path.ends_with("/versions")) return ok(R"({"versions":["v1.1"]})");
    if (of.method == "POST" && of.path.ends_with("/login") &&
        of.body.reveal().find("alice") != std::string::npos) {
      return ok(R"({"access_token":"lka_good"})");
    }
    return error(400, "M_LATCHKEY", "said by Latchkey");
  }

  Heard synapse(const Question& of) const {
    if (!synapse_runs) return {.fault = "Connection refused"};
    if (of.path.ends_with("/versions")) {
      return {.status = 200,
              .body = R"({"versions":["v1.12"]})",
              .fault = {},
              .date = clock + clock_of_synapse};
    }
    if (of.path.starts_with("/_synapse/mas/")) {
      if (!delegates) return error(404, "M_UNRECOGNIZED", "unknown");
      if (of.with_secret && our_secret_is_right) {
        return of.path.find("query_user") != of.path.npos ? error(404, "M_NOT_FOUND", "no user")
                                                          : ok("{}");
      }
      return error(403, "M_UNKNOWN", "wrong secret");
    }
    if (of.path.starts_with("/_synapse/")) return error(401, "M_MISSING_TOKEN", "no token");
    if (of.path.ends_with("/auth_metadata")) {
      return synapse_reaches_latchkey ? ok(metadata(issuer_at_synapse)) : Heard{.status = 500};
    }
    if (of.path.ends_with("/capabilities")) return ok(R"({"capabilities":{"m.room_versions":{}}})");
    if (of.bearer == "lka_good" && (!logged_out || !checks || !token_ends)) {
      return {.status = new_token};
    }
    if (!of.bearer.empty() && (!synapse_reaches_latchkey || !their_secret_is_right)) {
      return error(503, "M_UNKNOWN", "introspection failed");
    }
    return of.bearer.empty() ? error(401, "M_MISSING_TOKEN", "Missing access token")
                             : error(401, "M_UNKNOWN_TOKEN", "Token is not active");
  }

  Heard outside(const Question& of) {
    if (!certificate_fault.empty()) return {.fault = certificate_fault, .kind = fault_is};
    // Old servers and an address of Latchkey's own have nothing of Matrix.
    const std::string& address = matrix_address.empty() ? facts.public_url : matrix_address;
    const bool of_matrix = of.path.starts_with("/_matrix/") || of.path.starts_with("/_synapse/");
    if (of.base != (of_matrix ? address : facts.public_url)) {
      return {.status = 404, .body = "nothing of this deployment"};
    }
    switch (route(of.path)) {
      case Server::latchkey:
        if (of.path.ends_with("/logout") && !of.bearer.empty()) {
          logged_out = true;
          return ok("{}");
        }
        return latchkey(of);
      case Server::synapse:
        if (checks && !of.bearer.empty() &&
            (of.bearer != "lka_good" || (logged_out && token_ends))) {
          return passes_refusals_on ? latchkey({.path = "/edge/check", .bearer = "x"})
                                    : Heard{.status = 401, .body = "<h1>401</h1>"};
        }
        return synapse(of);
      case Server::proxy:
      case Server::nobody:
        break;
    }
    return {.status = 404, .body = "nginx"};
  }

  Heard answer(const Question& of) {
    asked.push_back(of);
    clock += an_answer_takes;
    Heard heard = answered(of);
    heard.at = clock;
    return heard;
  }

  Heard answered(const Question& of) {
    switch (of.at) {
      case At::here:
        return latchkey(of);
      case At::outside:
        return outside(of);
      case At::homeserver:
        return synapse(of);
      case At::name:
        return base_url.empty()
                   ? Heard{.status = 404}
                   : ok(fmt::format(R"({{"m.homeserver":{{"base_url":"{}"}}}})", base_url));
    }
    return {};
  }
};

std::vector<Finding> examined(World& world, const std::optional<Account>& account = {},
                              const Inside& inside = {.compared = 20}) {
  return examine(
      world.facts, [&world](const Question& of) { return world.answer(of); }, account, inside);
}

auto finds(const std::string& subject, const std::string& sentence, const std::string& change) {
  return Contains(AllOf(
      Field(&Finding::kind, Kind::wrong), Field(&Finding::subject, HasSubstr(subject)),
      Field(&Finding::sentence, HasSubstr(sentence)), Field(&Finding::change, HasSubstr(change))));
}

TEST(Doctor, FindsNothingWrongWhereAllIsWell) {
  World world;
  const auto findings = examined(world, Account{"alice", Secret("secret")});
  EXPECT_THAT(findings, Each(Field(&Finding::kind, Kind::good))) << say(findings);
  EXPECT_TRUE(healthy(findings));
  EXPECT_THAT(say(findings), HasSubstr("Nothing is wrong."));
  EXPECT_TRUE(as_json(findings).at("ok").as_bool());
}

TEST(Doctor, FindsNothingWrongWhereLatchkeyHasAnAddressOfItsOwn) {
  World world;
  world.facts.public_url = "https://auth.example.com/";
  world.issuer = world.issuer_at_synapse = "https://auth.example.com/";
  world.matrix_address = "https://matrix.example.com/";
  const auto findings = examined(world, Account{"alice", Secret("secret")});
  EXPECT_THAT(findings, Each(Field(&Finding::kind, Kind::good))) << say(findings);
  EXPECT_THAT(say(findings), HasSubstr("clients find https://matrix.example.com by example.com"));
  EXPECT_THAT(say(findings), HasSubstr("https://auth.example.com/ answers"));
  EXPECT_THAT(world.asked, Contains(AllOf(Field(&Question::base, "https://auth.example.com/"),
                                          Field(&Question::path, "/oauth2/token"))));
}

TEST(Doctor, WhereNothingLeadsToTheMatrixAddressItSaysWhatWould) {
  World world;
  world.facts.public_url = "https://auth.example.com/";
  world.matrix_address = "https://matrix.example.com/";
  world.base_url = "";
  EXPECT_THAT(examined(world), finds("the public address", "https://auth.example.com/ is no Matrix",
                                     "https://example.com/.well-known/matrix/client"));
}

TEST(Doctor, APasswordIsNotSentWhereOnlyAnOldWellKnownFileLeads) {
  World world;
  world.base_url = "https://old.example.com";
  examined(world, Account{"alice", Secret("secret")});
  EXPECT_THAT(world.asked, Contains(Field(&Question::base, "https://old.example.com/")));
  EXPECT_THAT(world.asked, Each(testing::Truly([](const Question& of) {
                return of.base != "https://old.example.com/" ||
                       (of.body.empty() && of.bearer.empty());
              })));
}

TEST(Doctor, ASlowDeploymentHasNoWrongClock) {
  World world;
  world.an_answer_takes = 15s;
  const auto findings = examined(world);
  EXPECT_TRUE(healthy(findings)) << say(findings);
}

TEST(Doctor, AnAddressThatBreaksOffIsNoMatterOfItsCertificate) {
  World world;
  world.certificate_fault = "SSL is not spoken here";
  world.fault_is = http_client::Failure::Kind::broken;
  EXPECT_THAT(examined(world), finds("the public address", "SSL is not spoken", "public_url"));
}

TEST(Doctor, WithoutAHomeserverANewSessionDoesNotSync) {
  World world;
  world.facts.behind_synapse = false;
  examined(world, Account{"alice", Secret("secret")});
  EXPECT_THAT(world.asked, Contains(Field(&Question::path, HasSubstr("/logout"))));
  EXPECT_THAT(world.asked, Not(Contains(Field(&Question::path, HasSubstr("/sync")))));
}

// What docs/operating/new-server.md shows: a proxy that does not ask.
TEST(Doctor, TheManualShowsWhatItSays) {
  World world;
  world.facts.endpoint = "http://127.0.0.1:8000/";
  world.checks = false;
  const auto findings = examined(world, Account{"alice", Secret("secret")});
  std::ifstream in(std::string(LATCHKEY_SOURCE_DIR) + "/docs/operating/new-server.md");
  const std::string manual{std::istreambuf_iterator<char>(in), {}};
  EXPECT_THAT(manual, HasSubstr("```\n" + say(findings) + "\n```\n"));
}

TEST(Doctor, NeverSendsTheSecretOutside) {
  World world;
  examined(world, Account{"alice", Secret("secret")});
  EXPECT_THAT(world.asked, Each(testing::Truly([](const Question& of) {
                return !of.with_secret || of.at == At::homeserver;
              })));
}

// Its proxy is of the environment that the command was called in.
TEST(Doctor, SendsTheSecretThroughNoProxy) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  const int proxy = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(bind(proxy, plain, size), 0);
  ASSERT_EQ(listen(proxy, 4), 0);
  ASSERT_EQ(getsockname(proxy, plain, &size), 0);
  const std::string url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  ::setenv("http_proxy", url.c_str(), 1);
  ::unsetenv("no_proxy");
  ::unsetenv("NO_PROXY");
  const Places places{.here = "http://127.0.0.1:1/",
                      .homeserver = "http://127.0.0.1:1/",
                      .name = "http://127.0.0.1:1/",
                      .secret = Secret("of both servers")};
  const Ask ask = asker(places);
  EXPECT_TRUE(silent(ask({.at = At::here, .path = "/health", .with_secret = true})));
  EXPECT_TRUE(silent(ask({.at = At::homeserver, .path = "/x", .with_secret = true})));
  ::unsetenv("http_proxy");
  pollfd waiting{.fd = proxy, .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&waiting, 1, 0), 0);
  close(proxy);
}

struct Broken {
  const char* name;
  void (*broken)(World&);
  const char* subject;
  const char* sentence;
  const char* change;
};

class BrokenDeployment : public testing::TestWithParam<Broken> {};

TEST_P(BrokenDeployment, IsExplained) {
  World world;
  GetParam().broken(world);
  const auto findings = examined(world, Account{"alice", Secret("secret")});
  EXPECT_THAT(findings, finds(GetParam().subject, GetParam().sentence, GetParam().change))
      << say(findings);
  EXPECT_FALSE(healthy(findings));
  EXPECT_THAT(say(findings), HasSubstr(GetParam().change));
}

using Server = World::Server;

INSTANTIATE_TEST_SUITE_P(
    All, BrokenDeployment,
    testing::Values(
        Broken{"ServerIsNotRunning", [](World& w) { w.latchkey_runs = false; }, "this server",
               "nothing answers at 127.0.0.1:8008", "latchkey serve"},
        Broken{"CertificateIsBad",
               [](World& w) { w.certificate_fault = "SSL peer certificate was not OK"; }, "TLS",
               "certificate", "whole chain"},
        Broken{"PublicAddressIsNotEncrypted",
               [](World& w) { w.facts.public_url = "http://matrix.example.com/"; }, "TLS",
               "not encrypted", "public_url: https://"},
        Broken{"LogoutGoesToTheHomeserver",
               [](World& w) {
                 w.route = [old = w.route](const std::string& path) {
                   return path.ends_with("/logout") ? Server::synapse : old(path);
                 };
               },
               "routes", "/_matrix/client/v3/logout", "127.0.0.1:8008"},
        Broken{"EverythingGoesToLatchkey",
               [](World& w) { w.route = [](const std::string&) { return Server::latchkey; }; },
               "routes to the homeserver", "/_matrix/client/versions", "http://127.0.0.1:8009/"},
        Broken{"EverythingIsExposed",
               [](World& w) {
                 w.route = [old = w.route](const std::string& path) {
                   const auto found = old(path);
                   return found == Server::proxy ? Server::synapse : found;
                 };
               },
               "nobody outside", "/_synapse/admin", "404 to everything else"},
        Broken{"NoCheckAtTheEdge", [](World& w) { w.checks = false; }, "the edge",
               "does not ask this server", "auth_request"},
        Broken{"RefusalsAreNotPassedOn", [](World& w) { w.passes_refusals_on = false; }, "the edge",
               "does not pass on its answer", "X-Matrix-Error"},
        Broken{"HomeserverIsAway", [](World& w) { w.synapse_runs = false; }, "the homeserver",
               "nothing answers at http://127.0.0.1:8009/", "homeserver.endpoint"},
        Broken{"SynapseDoesNotDelegate", [](World& w) { w.delegates = false; }, "delegation",
               "does not delegate", "enabled: true"},
        Broken{"SynapseHasAnotherSecretThanWeSend", [](World& w) { w.our_secret_is_right = false; },
               "from here to Synapse", "refuses it", "homeserver.secret"},
        Broken{"TheSecretsDiffer",
               [](World& w) { w.our_secret_is_right = w.their_secret_is_right = false; },
               "introspection", "it cannot ask this server",
               "matrix_authentication_service.secret"},
        Broken{"SynapseAsksByHttp2", [](World& w) { w.their_secret_is_right = false; },
               "introspection", "and the right secret", "force_http2: false"},
        Broken{"SynapseDoesNotReachUs", [](World& w) { w.synapse_reaches_latchkey = false; },
               "Synapse's requests", "no answer that it understands", "force_http2: false"},
        Broken{"SynapseKeepsOldMetadata",
               [](World& w) { w.issuer_at_synapse = "https://old.example.com/"; }, "metadata",
               "https://old.example.com/", "restart Synapse"},
        Broken{"ClocksDiffer", [](World& w) { w.clock_of_synapse = 10min; }, "clocks",
               "600 seconds", "timedatectl"},
        Broken{"NoWellKnown", [](World& w) { w.base_url = ""; }, "well-known",
               "do not find the server", "m.homeserver"},
        Broken{"WellKnownLeadsElsewhere", [](World& w) { w.base_url = "https://old.example.com"; },
               "well-known", "https://old.example.com", "https://matrix.example.com"},
        Broken{"ProxyIsNotTrusted", [](World& w) { w.facts.trusts_a_proxy = false; },
               "forwarded addresses", "not trusted", "http.trusted_proxies"},
        Broken{"SynapseDoesNotKnowANewDevice", [](World& w) { w.new_token = 500; }, "a session",
               "a new token is answered 500", "homeserver.kind"},
        Broken{"AnEndedTokenGoesOn", [](World& w) { w.token_ends = false; }, "a session",
               "logged out is answered 200", "the reverse proxy's check"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Doctor, SaysWhatWaitsInTheOutbox) {
  World world;
  const auto fresh = examined(world, {}, {.outbox = {{"homeserver", 3, kNow - 10s}}});
  EXPECT_TRUE(healthy(fresh)) << say(fresh);
  const auto stuck = examined(world, {}, {.outbox = {{"homeserver", 3, kNow - 10min}}});
  EXPECT_THAT(stuck, finds("outbox", "3 things that homeserver has to be told wait", "log"));
  EXPECT_THAT(say(stuck), HasSubstr("for 10 minutes"));
}

TEST(Doctor, SaysWhatWasRefusedForEver) {
  World world;
  const auto findings = examined(world, {}, {.dropped = {{"homeserver", 2}}});
  EXPECT_TRUE(healthy(findings)) << say(findings);
  EXPECT_THAT(say(findings), HasSubstr("look   the outbox: homeserver has refused 2 things"));
}

TEST(Doctor, SaysWhichAccountsTheHomeserverHasOtherwise) {
  World world;
  Inside inside{.compared = 20, .differences = {{"bob", "is not known there"}}};
  EXPECT_THAT(examined(world, {}, inside),
              finds("drift", "compared with the homeserver's: 20 accounts; of these: bob is not",
                    "latchkey homeserver sync bob --apply"));
  for (int i = 0; i < 7; ++i) inside.differences.push_back({"carol", "is suspended there"});
  EXPECT_THAT(examined(world, {}, inside), finds("drift", "and 3 more", "--apply"));
}

TEST(Doctor, ASecondFaultHidesNoOther) {
  World world;
  world.checks = false;
  world.facts.trusts_a_proxy = false;
  world.our_secret_is_right = false;
  const auto findings = examined(world);
  EXPECT_THAT(findings, finds("the edge", "", ""));
  EXPECT_THAT(findings, finds("forwarded", "", ""));
  EXPECT_THAT(findings, finds("the secret", "", ""));
  EXPECT_THAT(say(findings), HasSubstr("3 things are wrong."));
}

TEST(Doctor, AloneThereIsNoHomeserverToLookAt) {
  World world;
  world.facts.behind_synapse = false;
  world.facts.public_url = "http://127.0.0.1:8008/";
  world.facts.server_name = "localhost";
  world.facts.trusts_a_proxy = false;
  world.route = [](const std::string&) { return Server::latchkey; };
  const auto findings = examined(world);
  EXPECT_TRUE(healthy(findings)) << say(findings);
  EXPECT_THAT(world.asked, Not(Contains(Field(&Question::at, At::homeserver))));
  EXPECT_THAT(world.asked, Not(Contains(Field(&Question::at, At::name))));
}

TEST(Doctor, AsksItsServerWhereItListens) {
  for (const auto& [listen, url, socket] : std::vector<std::array<std::string, 3>>{
           {"127.0.0.1:8008", "http://127.0.0.1:8008/", ""},
           {"0.0.0.0:8008", "http://127.0.0.1:8008/", ""},
           {"[::]:8008", "http://[::1]:8008/", ""},
           {"unix:/run/latchkey.sock", "http://latchkey/", "/run/latchkey.sock"},
       }) {
    Places places;
    set_here(places, listen);
    EXPECT_EQ(places.here, url);
    EXPECT_EQ(places.here_socket, socket);
  }
}

}  // namespace
}  // namespace latchkey::doctor

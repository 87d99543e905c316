#include "domain/clients/client_auth.h"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>

#include "domain/sessions/sessions_testing.h"
#include "platform/error_testing.h"
#include "platform/jose/jws.h"
#include "platform/text/base64.h"

namespace latchkey::clients {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using Method = ClientAuthMethod;

constexpr Time kNow = from_millis(1'700'000'000'000);
constexpr std::int64_t kSeconds = 1'700'000'000;
constexpr AssertionAudience kHere{.issuer = "https://account.example.org/",
                                  .token_endpoint = "https://account.example.org/oauth2/token"};

std::string basic(std::string_view pair) { return "Basic " + text::encode_base64(pair); }

// --- whom it claims to be ---

struct Row {
  std::string authorization = {};  // empty: none
  std::optional<std::string_view> id = {};
  std::optional<std::string_view> secret = {};
  std::optional<std::string_view> type = {};
  std::optional<std::string_view> assertion = {};
};

std::expected<ClaimedClient, ClientAuthError> claimed(const Row& row) {
  return claimed_client({.authorization = row.authorization.empty()
                                              ? std::nullopt
                                              : std::optional<std::string_view>(row.authorization),
                         .client_id = row.id,
                         .client_secret = row.secret,
                         .client_assertion_type = row.type,
                         .client_assertion = row.assertion});
}

const jose::Key& ec() {
  static const jose::Key key = jose::Key::generate(jose::Algorithm::es256);
  return key;
}
const jose::Key& rsa() {
  static const jose::Key key = jose::Key::generate(jose::Algorithm::rs256);
  return key;
}
const std::string& some_assertion() {
  static const std::string token = jose::sign(ec(), {{"sub", "app"}}, "JWT");
  return token;
}

TEST(ClaimedClient, SaysWhoAndHow) {
  const struct {
    Row row;
    Method method;
    std::string id;
    std::string secret;
  } rows[] = {
      {{.id = "app"}, Method::none, "app", ""},
      {{.id = "app", .secret = ""}, Method::none, "app", ""},
      {{.id = "app", .secret = "s"}, Method::client_secret_post, "app", "s"},
      {{.authorization = basic("app:s")}, Method::client_secret_basic, "app", "s"},
      {{.authorization = "bAsIc  " + text::encode_base64("app:s")},
       Method::client_secret_basic,
       "app",
       "s"},
      {{.authorization = basic("app:s"), .id = "app"}, Method::client_secret_basic, "app", "s"},
      {{.authorization = basic("app:s"), .id = "app", .secret = ""},
       Method::client_secret_basic,
       "app",
       "s"},
      {{.authorization = basic("app:")}, Method::client_secret_basic, "app", ""},
      {{.authorization = basic("app:a:b")}, Method::client_secret_basic, "app", "a:b"},
      {{.authorization = basic("a%3Ab+c:%C3%A9+%2b")}, Method::client_secret_basic, "a:b c", "é +"},
      {{.type = kJwtBearer, .assertion = some_assertion()}, Method::private_key_jwt, "app", ""},
      {{.id = "app", .secret = "", .type = kJwtBearer, .assertion = some_assertion()},
       Method::private_key_jwt,
       "app",
       ""},
  };
  for (const auto& row : rows) {
    const auto who = claimed(row.row);
    ASSERT_TRUE(who) << error_of(who).sentence;
    EXPECT_EQ(who->id, row.id);
    EXPECT_EQ(who->method, row.method) << row.id;
    EXPECT_EQ(who->secret.reveal(), row.secret);
    EXPECT_EQ(who->assertion.empty(), row.method != Method::private_key_jwt);
  }
}

TEST(ClaimedClient, IsRefusedUnlessThereIsOneOfOneWay) {
  const std::string no_subject = jose::sign(ec(), {{"iss", "app"}}, "JWT");
  const std::string odd_subject = jose::sign(ec(), {{"sub", json::array{"app"}}}, "JWT");
  const struct {
    Row row;
    bool challenge;
    bool bad_request = false;
  } rows[] = {
      {{}, false},
      {{.id = ""}, false},
      {{.secret = "s"}, false},
      {{.authorization = basic("app:s"), .secret = "s"}, false, true},
      {{.authorization = basic("app:s"), .id = "app", .secret = "s"}, false, true},
      {{.authorization = "Bearer x", .id = "app", .secret = "s"}, false, true},
      {{.authorization = basic("app:s"), .type = kJwtBearer, .assertion = some_assertion()},
       false,
       true},
      {{.id = "app", .secret = "s", .type = kJwtBearer, .assertion = some_assertion()},
       false,
       true},
      {{.authorization = basic("app:s"), .id = "other"}, true},
      {{.authorization = basic("app:s"), .id = ""}, true},
      {{.id = "other", .type = kJwtBearer, .assertion = some_assertion()}, false},
      {{.authorization = "Bearer x", .id = "app"}, true},
      {{.authorization = "Basic", .id = "app"}, true},
      {{.authorization = "Basic ", .id = "app"}, true},
      {{.authorization = "Basic !", .id = "app"}, true},
      {{.authorization = "Basic" + text::encode_base64("app:s")}, true},
      {{.authorization = basic("app")}, true},
      {{.authorization = basic(":s")}, true},
      {{.authorization = basic("app:%")}, true},
      {{.authorization = basic("app:%4")}, true},
      {{.authorization = basic("app:%zz")}, true},
      {{.authorization = basic("%00:s")}, true},
      {{.authorization = basic("%ff:s")}, true},
      {{.authorization = basic("app:s") + " x"}, true},
      {{.id = "app", .type = kJwtBearer}, false},
      {{.id = "app", .assertion = some_assertion()}, false},
      {{.type = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
        .assertion = some_assertion()},
       false},
      {{.type = kJwtBearer, .assertion = "a.b.c"}, false},
      {{.type = kJwtBearer, .assertion = no_subject}, false},
      {{.type = kJwtBearer, .assertion = odd_subject}, false},
  };
  for (const auto& row : rows) {
    const auto who = claimed(row.row);
    ASSERT_FALSE(who) << row.row.authorization << " " << who->id;
    EXPECT_EQ(error_of(who).challenge, row.challenge) << error_of(who).sentence;
    EXPECT_EQ(error_of(who).bad_request, row.bad_request) << error_of(who).sentence;
    EXPECT_FALSE(error_of(who).sentence.empty());
  }
}

// --- whether it is so ---

json::object jwks(std::initializer_list<json::object> keys) {
  json::array list;
  for (const auto& key : keys) list.push_back(key);
  return {{"keys", std::move(list)}};
}

Client client(Method method) {
  Client client;
  client.id = "app";
  client.auth_method = method;
  if (method == Method::client_secret_basic || method == Method::client_secret_post) {
    client.secret = Secret("secret");
  }
  if (method == Method::private_key_jwt)
    client.jwks = jwks({rsa().public_jwk(), ec().public_jwk()});
  return client;
}

ClaimedClient claim(Method method, std::string secret = {}) {
  return {.id = "app", .method = method, .secret = Secret(std::move(secret)), .assertion = {}};
}

constexpr Method kMethods[] = {Method::none, Method::client_secret_basic,
                               Method::client_secret_post, Method::private_key_jwt};

TEST(ProvenClient, UsesTheWayItIsRegisteredWithAndNoOther) {
  for (const Method registered : kMethods) {
    for (const Method used : kMethods) {
      if (registered == used) continue;
      const Client known = client(registered);
      const auto proof = prove_client(claim(used, "secret"), &known, kHere, kNow);
      ASSERT_FALSE(proof);
      EXPECT_EQ(error_of(proof).challenge, used == Method::client_secret_basic);
    }
  }
}

// As simple-oauth2 and others send it.
TEST(ProvenClient, OfThePublicMayBeNamedInTheHeader) {
  const Client known = client(Method::none);
  const auto proof = prove_client(claim(Method::client_secret_basic), &known, kHere, kNow);
  ASSERT_TRUE(proof);
  EXPECT_FALSE(*proof);
  for (const Method registered : {Method::client_secret_post, Method::private_key_jwt}) {
    const Client other = client(registered);
    EXPECT_FALSE(prove_client(claim(Method::client_secret_basic), &other, kHere, kNow));
  }
}

TEST(ProvenClient, KnowsItsSecret) {
  for (const Method method : {Method::client_secret_basic, Method::client_secret_post}) {
    Client known = client(method);
    EXPECT_TRUE(prove_client(claim(method, "secret"), &known, kHere, kNow));
    for (const auto* wrong : {"", "Secret", "secre", "secret ", "secrets"}) {
      EXPECT_FALSE(prove_client(claim(method, wrong), &known, kHere, kNow)) << wrong;
    }
    known.secret = Secret();
    EXPECT_FALSE(prove_client(claim(method, ""), &known, kHere, kNow)) << "none is set";
  }
}

TEST(ProvenClient, IsAKnownOne) {
  for (const Method method : kMethods) {
    EXPECT_FALSE(prove_client(claim(method, "secret"), nullptr, kHere, kNow));
    Client other = client(method);
    other.id = "other";
    EXPECT_FALSE(prove_client(claim(method, "secret"), &other, kHere, kNow));
  }
  const Client known = client(Method::none);
  const auto proof = prove_client(claim(Method::none), &known, kHere, kNow);
  ASSERT_TRUE(proof);
  EXPECT_FALSE(*proof);
}

// --- assertions ---

json::object claims() {
  return {{"iss", "app"},         {"sub", "app"},    {"aud", kHere.issuer},
          {"exp", kSeconds + 60}, {"iat", kSeconds}, {"jti", "1"}};
}

json::object with(std::string_view name, const json::value& value) {
  json::object changed = claims();
  changed[name] = value;
  return changed;
}

json::object without(std::string_view name) {
  json::object changed = claims();
  changed.erase(name);
  return changed;
}

std::expected<std::optional<AssertionUse>, ClientAuthError> prove(
    std::string assertion, const Client& known = client(Method::private_key_jwt)) {
  ClaimedClient who = claim(Method::private_key_jwt);
  who.assertion = std::move(assertion);
  return prove_client(who, &known, kHere, kNow);
}

TEST(Assertion, ProvesWhatItSays) {
  const json::object good[] = {
      claims(),
      with("aud", json::string(kHere.token_endpoint)),
      with("aud", json::array{kHere.issuer}),
      with("aud", json::array{kHere.issuer, kHere.token_endpoint}),
      with("exp", kSeconds + 60.5),
      with("exp", kSeconds + 360),
      with("exp", kSeconds - 29),  // clocks differ
      with("exp", kSeconds + 3600),
      with("iat", kSeconds + 30),
      with("nbf", kSeconds - 1000),
      without("iat"),
  };
  for (const auto& one : good) {
    for (const jose::Key* key : {&ec(), &rsa()}) {
      const auto proof = prove(jose::sign(*key, one, "JWT"));
      ASSERT_TRUE(proof) << json::serialize(one) << error_of(proof).sentence;
      ASSERT_TRUE(*proof);
      EXPECT_GT((*proof)->expires_at, kNow);
    }
  }
}

TEST(Assertion, IsRefusedForAnyClaimThatIsWrong) {
  const json::object bad[] = {
      with("iss", "other"),
      with("sub", "other"),
      without("iss"),
      without("sub"),
      without("aud"),
      with("aud", "https://account.example.org"),
      with("aud", "https://account.example.com/"),
      with("aud", ""),
      with("aud", json::array{}),
      with("aud", json::array{kHere.issuer, "https://other.example.org/"}),
      with("aud", json::object{}),
      without("exp"),
      with("exp", "1700000060"),
      with("exp", nullptr),
      with("exp", kSeconds - 30),
      with("exp", kSeconds + 3661),
      with("exp", 1e300),
      with("exp", -1),
      with("iat", kSeconds + 31),
      with("iat", "now"),
      with("nbf", kSeconds + 31),
      without("jti"),
      with("jti", ""),
      with("jti", 1),
      with("jti", json::string(256, 'a')),
  };
  for (const auto& one : bad) {
    EXPECT_FALSE(prove(jose::sign(ec(), one, "JWT"))) << json::serialize(one);
  }
}

TEST(Assertion, IsSignedWithAKeyOfTheClients) {
  const std::string good = jose::sign(ec(), claims(), "JWT");
  EXPECT_TRUE(prove(good));
  EXPECT_FALSE(prove(jose::sign(jose::Key::generate(jose::Algorithm::es256), claims(), "JWT")));
  EXPECT_FALSE(prove(good.substr(0, good.rfind('.') + 1)));
  EXPECT_FALSE(prove("a.b.c"));
  EXPECT_FALSE(prove(""));

  Client known = client(Method::private_key_jwt);
  for (const json::object& none :
       {json::object{}, json::object{{"keys", nullptr}}, jwks({}), jwks({rsa().public_jwk()}),
        jwks({{{"kty", "oct"}, {"k", "AA"}}})}) {
    known.jwks = none;
    EXPECT_FALSE(prove(good, known));
  }
  auto for_encryption = ec().public_jwk();
  for_encryption["use"] = "enc";
  known.jwks = jwks({for_encryption});
  EXPECT_FALSE(prove(good, known));
}

// The key's own kid is what a header must name; with none the only key of the algorithm is meant.
TEST(Assertion, NamesOneKey) {
  auto nameless_jwk = json::object(ec().public_jwk());
  nameless_jwk.erase("kid");
  const std::string named = jose::sign(ec(), claims(), "JWT");
  Client known = client(Method::private_key_jwt);
  known.jwks = jwks({nameless_jwk});
  EXPECT_FALSE(prove(named, known)) << "names a key that is not there";
  auto another = jose::Key::generate(jose::Algorithm::es256).public_jwk();
  known.jwks = jwks({another, ec().public_jwk()});
  EXPECT_TRUE(prove(named, known));
  another["kid"] = ec().id();
  known.jwks = jwks({another, ec().public_jwk()});
  EXPECT_FALSE(prove(named, known)) << "two of one name";
}

TEST(Assertion, OfOneClientIsNotAnothers) {
  Client other = client(Method::private_key_jwt);
  other.id = "other";
  ClaimedClient who = claim(Method::private_key_jwt);
  who.id = "other";
  who.assertion = jose::sign(ec(), claims(), "JWT");
  EXPECT_FALSE(prove_client(who, &other, kHere, kNow));
}

class UsedAssertions : public sessions::testing::OnEachEngine {
 protected:
  bool note(const AssertionUse& use) {
    return server_.db().write_now([&](db::Tx& tx) { return note_assertion(tx, use); });
  }
};

INSTANTIATE_TEST_SUITE_P(Engines, UsedAssertions, db::engines(), db::engine_name);

TEST_P(UsedAssertions, AreGoodOnce) {
  const auto first = prove(jose::sign(ec(), claims(), "JWT"));
  const auto again = prove(jose::sign(rsa(), with("exp", kSeconds + 90), "JWT"));
  const auto second = prove(jose::sign(ec(), with("jti", "2"), "JWT"));
  ASSERT_TRUE(first && again && second);
  EXPECT_TRUE(note(**first));
  EXPECT_FALSE(note(**first));
  EXPECT_FALSE(note(**again)) << "the same jti";
  EXPECT_TRUE(note(**second));
  // Of another client, which has the same jti.
  Client other = client(Method::private_key_jwt);
  other.id = "other";
  ClaimedClient who = claim(Method::private_key_jwt);
  who.id = "other";
  json::object theirs = with("iss", "other");
  theirs["sub"] = "other";
  who.assertion = jose::sign(ec(), theirs, "JWT");
  const auto of_other = prove_client(who, &other, kHere, kNow);
  ASSERT_TRUE(of_other && *of_other);
  EXPECT_TRUE(note(**of_other));
}

// Else one client's assertions would use up another's.
TEST_P(UsedAssertions, OfOneClientAreNotAnothers) {
  Client other = client(Method::private_key_jwt);
  other.id = "other";
  auto of_other = claims();
  of_other["iss"] = of_other["sub"] = "other";
  ClaimedClient who = claim(Method::private_key_jwt);
  who.id = "other";
  who.assertion = jose::sign(ec(), of_other, "JWT");
  const auto theirs = prove_client(who, &other, kHere, kNow);
  const auto ours = prove(jose::sign(ec(), claims(), "JWT"));
  ASSERT_TRUE(theirs && *theirs);
  ASSERT_TRUE(ours && *ours);
  EXPECT_TRUE(note(**theirs));
  EXPECT_TRUE(note(**ours)) << "the same jti of another client";
}

TEST_P(UsedAssertions, AreForgottenOnceNobodyTakesThemAnyMore) {
  const auto use = prove(jose::sign(ec(), claims(), "JWT"));
  ASSERT_TRUE(use);
  EXPECT_TRUE(note(**use));
  const auto purge = [this](Time now) {
    server_.db().write_now([&](db::Tx& tx) { purge_assertions(tx, now, 10); });
  };
  purge((*use)->expires_at - 1ms);
  EXPECT_FALSE(note(**use));
  purge((*use)->expires_at);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM used_assertions"), 0);
}

}  // namespace
}  // namespace latchkey::clients

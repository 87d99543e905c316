#include "domain/oauth/signing_keys.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/json/parse.hpp>
#include <filesystem>
#include <thread>

#include "domain/sessions/sessions_testing.h"
#include "platform/jose/jws.h"

namespace latchkey::oauth {
namespace {

using namespace std::chrono_literals;
using jose::Algorithm;
using sessions::testing::run;

const accounts::Operator kBy{.name = "command line (root)", .address = "local"};

class SigningKeysOnEachEngine : public sessions::testing::OnEachEngine {
 protected:
  std::string sign(SigningKeys& keys, Algorithm algorithm) {
    return run(keys.current())->sign(algorithm, {{"sub", "alice"}}, server_.clock.now());
  }
  static std::string kid(std::string_view token) {
    return jose::read_unverified(token)->header.at("kid").as_string().c_str();
  }
  std::string signer(SigningKeys& keys, Algorithm algorithm = Algorithm::es256) {
    return kid(sign(keys, algorithm));
  }
  static boost::json::array published(SigningKeys& keys) {
    return boost::json::parse(run(keys.current())->jwks()).at("keys").as_array();
  }
  static bool publishes(SigningKeys& keys, std::string_view id) {
    return std::ranges::any_of(published(keys),
                               [&](const auto& key) { return key.at("kid").as_string() == id; });
  }
  std::int64_t rows() { return server_.count("SELECT COUNT(*) FROM signing_keys"); }

  SigningKeys here_{server_.ground(), *server_};
  SigningKeys there_{server_.ground(), *server_};  // another node
};

INSTANTIATE_TEST_SUITE_P(Engines, SigningKeysOnEachEngine, db::engines(), db::engine_name);

TEST_P(SigningKeysOnEachEngine, AreMadeAtTheFirstNeedAndKept) {
  EXPECT_EQ(published(here_).size(), 2u);
  for (const auto algorithm : {Algorithm::rs256, Algorithm::es256}) {
    const std::string token = sign(here_, algorithm);
    EXPECT_EQ(kid(token), signer(there_, algorithm));
    bool verified = false;
    for (const jose::Key& key : run(there_.current())->published()) {
      EXPECT_FALSE(key.can_sign());
      if (key.id() == kid(token)) verified = jose::verify(token, key, "JWT").has_value();
    }
    EXPECT_TRUE(verified);
  }
  server_.clock.advance(24h * 365);
  EXPECT_EQ(published(here_), published(there_));
  EXPECT_EQ(rows(), 2);
}

TEST_P(SigningKeysOnEachEngine, AreMadeOnceByNodesThatNeedThemAtOnce) {
  {
    std::vector<std::jthread> nodes;
    for (int node = 0; node < 4; ++node) {
      nodes.emplace_back([this] { SigningKeys(server_.ground(), *server_).current_now(); });
    }
  }
  EXPECT_EQ(rows(), 2);
  EXPECT_EQ(signer(here_), signer(there_));
}

// The keys themselves are made beforehand: what another node has put down meanwhile counts.
TEST_P(SigningKeysOnEachEngine, AreThoseOfTheNodeThatWasFirst) {
  there_.current_now();
  const auto of_the_other = server_.db().read_now([](db::Tx& tx) { return list_signing_keys(tx); });
  server_.sql("DELETE FROM signing_keys");
  std::atomic<bool> passed = false;
  std::jthread here;
  server_.db().write_now([&](db::Tx& tx) {  // the other node, which is not done yet
    lock_signing_keys(tx);
    here = std::jthread([&] {
      here_.current_now();
      passed = true;
    });
    if (GetParam() == db::Dialect::postgresql) {  // on SQLite one writes at a time
      EXPECT_TRUE(sessions::testing::soon([&] {
        return passed ||
               tx.one<int>("SELECT 1 FROM pg_locks WHERE NOT granted LIMIT 1").has_value();
      }));
      EXPECT_FALSE(passed);
    }
    for (const auto& row : of_the_other) insert_signing_key(tx, row);
  });
  here.join();
  EXPECT_EQ(rows(), 2);
  EXPECT_EQ(signer(here_), signer(there_));
}

TEST_P(SigningKeysOnEachEngine, HoldNothingPrivateInTheOpen) {
  here_.current_now();
  for (const auto& row : server_.db().read_now([](db::Tx& tx) { return list_signing_keys(tx); })) {
    EXPECT_EQ(row.public_jwk.find("\"d\""), std::string::npos);
    EXPECT_EQ(row.sealed.find('{'), std::string::npos);
    EXPECT_EQ(row.server_key, 1);
  }
  EXPECT_EQ(run(here_.current())->jwks().find("\"d\""), std::string::npos);
}

TEST_P(SigningKeysOnEachEngine, HandOverWhenEveryNodeHasSeenTheNewOnes) {
  const std::string old = signer(here_);
  EXPECT_EQ(signer(there_), old);
  EXPECT_EQ(run(here_.rotate(kBy)).size(), 4u);
  EXPECT_EQ(rows(), 4);
  EXPECT_EQ(signer(here_), old);
  EXPECT_EQ(published(here_).size(), 4u);
  EXPECT_EQ(published(there_).size(), 2u) << "remembered";
  server_.clock.advance(kKeysRemembered);
  EXPECT_EQ(published(there_).size(), 4u);
  EXPECT_EQ(signer(there_), old);
  server_.clock.advance(kKeyHandover - kKeysRemembered);
  const std::string fresh = signer(here_);
  EXPECT_NE(fresh, old);
  EXPECT_EQ(signer(there_), fresh);
  EXPECT_NE(signer(here_, Algorithm::rs256), fresh);
  // Clients that know no kid take the first.
  EXPECT_NE(published(here_).at(0).at("kid").as_string(), old.c_str());
  EXPECT_TRUE(publishes(here_, old));
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM audit WHERE action = 'keys rotate-signing'"), 1);
}

TEST_P(SigningKeysOnEachEngine, ArePublishedForADayAfterTheySigned) {
  const std::string old = signer(here_);
  run(here_.rotate(kBy));
  server_.clock.advance(kKeyHandover + kKeyPublished - 1ms);
  here_.purge();
  EXPECT_TRUE(publishes(here_, old));
  EXPECT_TRUE(publishes(there_, old));
  server_.clock.advance(kKeysRemembered);
  EXPECT_FALSE(publishes(here_, old));
  EXPECT_EQ(rows(), 4);
  here_.purge();
  EXPECT_EQ(rows(), 2);
  EXPECT_EQ(published(here_).size(), 2u);
}

TEST_P(SigningKeysOnEachEngine, RotateTwiceInARow) {
  const std::string first = signer(here_);
  run(here_.rotate(kBy));
  server_.clock.advance(1s);
  run(here_.rotate(kBy));
  EXPECT_EQ(signer(here_), first);
  server_.clock.advance(kKeyHandover);
  EXPECT_EQ(signer(here_), signer(there_));
  EXPECT_NE(signer(here_), first);
  EXPECT_EQ(published(here_).size(), 6u);
  server_.clock.advance(kKeyPublished);
  here_.purge();
  EXPECT_EQ(rows(), 2);
}

TEST_P(SigningKeysOnEachEngine, RotateOneAfterTheOtherOnTwoNodesAtOnce) {
  here_.current_now();
  std::jthread here;
  server_.db().write_now([&](db::Tx& tx) {  // the other node's rotation
    lock_signing_keys(tx);
    auto rows = list_signing_keys(tx);
    retire_signing_keys(tx, server_.clock.now() + kKeyHandover);
    for (auto& row : rows) {
      row.id += "-of-the-other";
      insert_signing_key(tx, row);
    }
    here = std::jthread([this] { run(here_.rotate(kBy)); });
    if (GetParam() == db::Dialect::sqlite) return;  // one writes at a time
    EXPECT_TRUE(sessions::testing::soon([&] {
      return tx.one<int>("SELECT 1 FROM pg_locks WHERE NOT granted LIMIT 1").has_value();
    }));
  });
  here.join();
  EXPECT_EQ(rows(), 6);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM signing_keys WHERE retired_at IS NULL"), 2)
      << "one of each algorithm goes on";
}

TEST_P(SigningKeysOnEachEngine, AreStillOpenedAfterTheServerKeyWasRotated) {
  const std::string old = signer(here_);
  auto ring = keys::rotate_keys(server_.db(), server_.key_file(), server_.clock.now());
  ASSERT_TRUE(ring);
  server_->use_keys(*ring);
  EXPECT_EQ(signer(here_), old);
  run(here_.rotate(kBy));
  server_.clock.advance(kKeyHandover);
  EXPECT_NE(signer(here_), old);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM signing_keys WHERE server_key = 2"), 2);
}

TEST_P(SigningKeysOnEachEngine, AreMadeAnewWhenTheServerKeyWasLost) {
  const std::string old = signer(here_);
  std::filesystem::remove(server_.key_file());
  auto ring = keys::replace_keys(server_.db(), server_.key_file(), server_.clock.now());
  ASSERT_TRUE(ring);
  server_->use_keys(*ring);
  const std::string fresh = signer(here_);
  EXPECT_NE(fresh, old);
  EXPECT_EQ(signer(there_), fresh);
  EXPECT_TRUE(publishes(here_, old)) << "what it signed is still to be verified";
  EXPECT_EQ(rows(), 4);
  server_.clock.advance(kKeyPublished);
  here_.purge();
  EXPECT_FALSE(publishes(here_, old));
  EXPECT_EQ(rows(), 2);
}

// A row that was put under another id or algorithm signs nothing.
TEST_P(SigningKeysOnEachEngine, OpenUnderTheirOwnNameAlone) {
  const std::string old = signer(here_);
  server_.sql("UPDATE signing_keys SET id = 'mallory' WHERE id = :id", old);
  server_.clock.advance(kKeysRemembered);
  EXPECT_NE(signer(here_), "mallory");
  EXPECT_EQ(rows(), 3);
}

}  // namespace
}  // namespace latchkey::oauth

#include "domain/providers/own_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/sessions/sessions_testing.h"

namespace latchkey::providers {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class OwnKeysTest : public sessions::testing::OnEachEngine {
 protected:
  static keys::ServerKey server_key(std::uint8_t id) {
    keys::ServerKey key{.id = id, .created_at = {}};
    key.secret.fill(id);
    return key;
  }
  static std::shared_ptr<const keys::KeyRing> ring(std::vector<keys::ServerKey> keys,
                                                   const std::vector<std::uint8_t>& lost = {}) {
    return std::make_shared<const keys::KeyRing>(std::move(keys), lost);
  }
  // Of a node of its own, which remembers nothing.
  crypto::KeyPair key_with(const std::shared_ptr<const keys::KeyRing>& ring,
                           const std::string& provider) {
    return OwnKeys(server_.ground(), [ring] { return ring; }).of(provider);
  }
};

INSTANTIATE_TEST_SUITE_P(Engines, OwnKeysTest, db::engines(), db::engine_name);

TEST_P(OwnKeysTest, AreMadeOnceAndTheSameOnEveryNode) {
  const auto one = ring({server_key(1)});
  const auto made = key_with(one, "idp");
  const auto there = key_with(one, "idp");
  EXPECT_EQ(made.certificate, there.certificate);
  EXPECT_EQ(made.private_key.reveal(), there.private_key.reveal());
  EXPECT_NE(key_with(one, "other").certificate, made.certificate);
  // After a rotation too.
  const auto rotated = ring({server_key(1), server_key(2)});
  EXPECT_EQ(key_with(rotated, "idp").certificate, made.certificate);
}

TEST_P(OwnKeysTest, AreNotInTheDatabaseForWhoReadsIt) {
  const auto made = key_with(ring({server_key(1)}), "idp");
  const auto rows = server_.db().read_now([](db::Tx& tx) {
    return tx.one<std::string>("SELECT sealed FROM provider_keys WHERE provider = 'idp'");
  });
  EXPECT_THAT(std::get<0>(rows.value()), Not(HasSubstr("PRIVATE KEY")));
  EXPECT_THAT(made.private_key.reveal(), HasSubstr("PRIVATE KEY"));
}

TEST_P(OwnKeysTest, AreMadeAnewOnlyWhenTheServerKeyIsLost) {
  const auto made = key_with(ring({server_key(1)}), "idp");
  EXPECT_THROW(key_with(ring({server_key(2)}), "idp"), std::runtime_error);
  const auto again = key_with(ring({server_key(2)}, {1}), "idp");
  EXPECT_NE(again.certificate, made.certificate);
  EXPECT_EQ(key_with(ring({server_key(2)}, {1}), "idp").certificate, again.certificate);
}

}  // namespace
}  // namespace latchkey::providers

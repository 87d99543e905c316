#include "domain/clients/clients.h"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <set>

#include "domain/sessions/sessions_testing.h"
#include "platform/error_testing.h"

namespace latchkey::clients {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;
using sessions::testing::kNoon;
using sessions::testing::run;

constexpr auto kDay = 24h;

class ClientsOnEachEngine : public sessions::testing::OnEachEngine {
 protected:
  static json::object metadata(std::string_view name = "My App") {
    return {{"client_name", name},
            {"client_uri", "https://example.com/"},
            {"redirect_uris", json::array{"https://example.com/callback"}}};
  }
  static Client configured() {
    Client client;
    client.id = "console";
    client.configured = true;
    return client;
  }
  std::string add(std::string_view name = "My App") {
    return run(clients_.register_client(metadata(name))).value().client->id;
  }
  std::shared_ptr<const Client> find(std::string id) { return run(clients_.find(std::move(id))); }
  void use(const std::string& id) {
    server_.db().write_now([&](db::Tx& tx) { clients_.note_use(tx, id); });
  }
  void sign_in(const std::string& id, sessions::Ended ended = sessions::Ended::live) {
    const auto session = server_.sign_in(server_.add_user("user" + id.substr(0, 8)));
    server_.sql("UPDATE sessions SET client = :client, ended = :ended WHERE id = :id", id, ended,
                session.id());
  }

  Clients clients_{server_.ground(), {configured()}};
};

INSTANTIATE_TEST_SUITE_P(Engines, ClientsOnEachEngine, db::engines(), db::engine_name);

TEST_P(ClientsOnEachEngine, KeepsWhatWasRegistered) {
  const auto registered = run(clients_.register_client(metadata())).value();
  EXPECT_EQ(registered.issued_at, kNoon);
  EXPECT_EQ(registered.metadata.at("client_id").as_string(), registered.client->id.c_str());
  EXPECT_EQ(registered.metadata.at("client_id_issued_at").as_int64(), to_millis(kNoon) / 1000);
  EXPECT_EQ(registered.metadata.at("client_name").as_string(), "My App");
  EXPECT_EQ(registered.client->id.size(), 26U);
  const auto found = find(registered.client->id);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, registered.client->id);
  EXPECT_EQ(found->name.text, "My App");
  EXPECT_EQ(found->redirect_uris, registered.client->redirect_uris);
  EXPECT_EQ(found->grant_types, std::vector<std::string>{"authorization_code"});
  EXPECT_FALSE(found->configured);
}

TEST_P(ClientsOnEachEngine, KnowsTheConfiguredAndNobodyElse) {
  EXPECT_TRUE(find("console")->configured);
  EXPECT_EQ(find(""), nullptr);
  EXPECT_EQ(find("unknown"), nullptr);
  EXPECT_EQ(find(std::string("a\0b", 3)), nullptr);
  EXPECT_EQ(find("\xff"), nullptr);
  EXPECT_EQ(find(std::string(10'000, 'x')), nullptr);
}

TEST_P(ClientsOnEachEngine, TheSameMetadataAreTheSameClient) {
  const std::string id = add();
  server_.clock.advance(1h);
  auto other_order = metadata();
  other_order.erase("client_name");
  other_order["client_name"] = "My App";
  other_order["unknown"] = "field";
  other_order["application_type"] = "web";  // the default
  const auto again = run(clients_.register_client(other_order)).value();
  EXPECT_EQ(again.client->id, id);
  EXPECT_EQ(again.issued_at, kNoon);
  EXPECT_NE(add("Another"), id);
  EXPECT_EQ(server_.count("SELECT count(*) FROM oauth_clients"), 2);
}

TEST_P(ClientsOnEachEngine, RefusesAndKeepsNothing) {
  auto bad = metadata();
  bad["redirect_uris"] = json::array{"http://example.com/"};
  const auto refused = run(clients_.register_client(bad));
  ASSERT_FALSE(refused);
  EXPECT_EQ(error_of(refused).code, RegistrationError::Code::invalid_redirect_uri);
  EXPECT_EQ(server_.count("SELECT count(*) FROM oauth_clients"), 0);
}

TEST_P(ClientsOnEachEngine, ManyAtOnceAreOneClient) {
  const auto ids = server_.race(8, [this](const sessions::Use&) -> Task<std::string> {
    co_return (co_await clients_.register_client(metadata())).value().client->id;
  });
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 1U);
  EXPECT_EQ(server_.count("SELECT count(*) FROM oauth_clients"), 1);
}

TEST_P(ClientsOnEachEngine, CleansUpWhatNobodyUses) {
  const std::string unused = add("unused");
  const std::string used = add("used");
  const std::string registered_again = add("registered again");
  const std::string open = add("open");
  const std::string ended = add("ended");
  sign_in(open);
  sign_in(ended, sessions::Ended::for_good);
  for (const std::string& id : {unused, used, registered_again}) use(id);
  server_.clock.advance(29 * kDay);
  clients_.purge();
  EXPECT_TRUE(find(unused));
  use(used);
  add("registered again");
  server_.clock.advance(2 * kDay);
  clients_.purge();
  EXPECT_FALSE(find(unused));
  EXPECT_FALSE(find(ended));
  EXPECT_TRUE(find(used));
  EXPECT_TRUE(find(registered_again));
  EXPECT_TRUE(find(open));
  EXPECT_EQ(add("unused"), unused) << "and has its ID again";
}

// Strangers register them, as many as they are let; registering again must keep none for ever.
TEST_P(ClientsOnEachEngine, GoWithinADayIfNobodySignsInWithThem) {
  const std::string unused = add("unused");
  const std::string waits = add("waits");
  const std::string used = add("used");
  use(used);
  server_.clock.advance(22h);
  clients_.purge();
  EXPECT_EQ(add("waits"), waits);  // its person signs in now
  EXPECT_TRUE(find(unused));
  server_.clock.advance(2h);
  clients_.purge();
  EXPECT_FALSE(find(unused));
  EXPECT_TRUE(find(waits));
  EXPECT_TRUE(find(used));
  server_.clock.advance(21h);
  int asked = 0;
  const auto refuse = [&asked] { return ++asked, false; };
  EXPECT_FALSE(run(clients_.register_client(metadata("waits"), refuse)).has_value());
  EXPECT_TRUE(run(clients_.register_client(metadata("used"), refuse)).has_value());
  EXPECT_EQ(asked, 1) << "keeping one for longer counts like a new one";
  server_.clock.advance(3h);
  clients_.purge();
  EXPECT_FALSE(find(waits));
  EXPECT_TRUE(find(used));
}

// docs/formats/database.md says how large a row is.
TEST_P(ClientsOnEachEngine, AreSmall) {
  auto large = metadata();
  for (int i = 0; i < 40; ++i) {
    large["client_name#x-" + std::to_string(i)] = std::string(200, 'n');
  }
  EXPECT_FALSE(run(clients_.register_client(large)).has_value());
  EXPECT_LE(server_.count("SELECT COALESCE(MAX(LENGTH(metadata)), 0) FROM oauth_clients"), 4096);
}

TEST_P(ClientsOnEachEngine, AreRememberedForAMinute) {
  const std::string id = add();
  EXPECT_TRUE(find(id));
  server_.sql("DELETE FROM oauth_clients");
  server_.clock.advance(59s);
  EXPECT_TRUE(find(id));
  server_.clock.advance(1s);
  EXPECT_FALSE(find(id));
  const std::string other = add("Other App");
  EXPECT_TRUE(find(other));
  server_.sql("DELETE FROM oauth_clients");
  server_.clock.advance(-1s);
  EXPECT_FALSE(find(other)) << "a clock set back prolongs nothing";
}

TEST_P(ClientsOnEachEngine, AUseIsWrittenOnceADay) {
  const std::string id = add();
  const auto used_at = [this] { return server_.count("SELECT used_at FROM oauth_clients"); };
  server_.clock.advance(23h);
  use(id);
  add();
  EXPECT_EQ(used_at(), to_millis(kNoon));
  server_.clock.advance(2h);
  use(id);
  EXPECT_EQ(used_at(), to_millis(kNoon + 25h));
  use("unknown");
}

}  // namespace
}  // namespace latchkey::clients

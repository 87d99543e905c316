#include "domain/oauth/logout_request.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "platform/error_testing.h"

namespace latchkey::oauth {
namespace {

constexpr const char* kBack = "https://app.example/signed-out";

std::shared_ptr<const clients::Client> app() {
  clients::Client client;
  client.id = "app";
  client.redirect_uris = {"https://app.example/callback"};
  client.post_logout_redirect_uris = {kBack};
  return std::make_shared<const clients::Client>(std::move(client));
}

std::optional<ReadHint> hint_for(std::string client) {
  return IdTokenHint{.user = UserId{7}, .client_id = std::move(client), .session = SessionId{9}};
}

TEST(LogoutRequest, IsRefusedForWhatCannotBeTrusted) {
  const std::optional<ReadHint> bad = std::unexpected(HintFault::foreign);
  using enum LogoutRefused;
  struct Row {
    const char* name;
    std::shared_ptr<const clients::Client> client;
    LogoutParameters parameters;
    std::optional<ReadHint> hint;
    LogoutRefused refused;
  };
  const std::vector<Row> rows = {
      {"twice", app(), {.client_id = "app", .has_duplicates = true}, {}, duplicates},
      {"not our token", app(), {.id_token_hint = "x", .client_id = "app"}, bad, bad_hint},
      {"another's token", app(), {.client_id = "app"}, hint_for("else"), other_client},
      {"nobody's client", nullptr, {.client_id = "gone"}, {}, unknown_client},
      {"a client that is gone", nullptr, {}, hint_for("gone"), unknown_client},
      {"nobody's address", nullptr, {.post_logout_redirect_uri = kBack}, {}, unknown_client},
      {"another address",
       app(),
       {.client_id = "app", .post_logout_redirect_uri = "https://app.example/signed-out/"},
       {},
       wrong_address},
      {"a redirect URI of sign-in",
       app(),
       {.post_logout_redirect_uri = "https://app.example/callback"},
       hint_for("app"),
       wrong_address},
  };
  for (const Row& row : rows) {
    const auto request = read_logout_request(row.client, row.parameters, row.hint);
    ASSERT_FALSE(request.has_value()) << row.name;
    EXPECT_EQ(error_of(request), row.refused) << row.name;
  }
}

TEST(LogoutRequest, SaysWhereToGoAndWhoAsks) {
  struct Row {
    const char* name;
    std::shared_ptr<const clients::Client> client;
    LogoutParameters parameters;
    std::optional<ReadHint> hint;
    const char* redirect;
    bool hinted;
  };
  const std::vector<Row> rows = {
      {"nothing", nullptr, {}, {}, "", false},
      {"a state without an address", nullptr, {.state = "s"}, {}, "", false},
      {"a client", app(), {.client_id = "app"}, {}, "", false},
      {"an address",
       app(),
       {.client_id = "app", .post_logout_redirect_uri = kBack},
       {},
       kBack,
       false},
      {"a token alone", app(), {.post_logout_redirect_uri = kBack}, hint_for("app"), kBack, true},
      {"both, and a state",
       app(),
       {.client_id = "app", .post_logout_redirect_uri = kBack, .state = "a b&c"},
       hint_for("app"),
       kBack,
       true},
  };
  for (const Row& row : rows) {
    const auto request = read_logout_request(row.client, row.parameters, row.hint);
    ASSERT_TRUE(request.has_value()) << row.name;
    const auto back = request->back.value_or(ReturnAddress{});
    EXPECT_EQ(back.redirect_uri, row.redirect) << row.name;
    EXPECT_EQ(back.state, request->back ? row.parameters.state : "") << row.name;
    EXPECT_EQ(request->hinted, row.hinted) << row.name;
    EXPECT_EQ(request->client != nullptr, row.client != nullptr) << row.name;
  }
}

TEST(LogoutRequest, LeadsNobodyAwayForAClientThatAnybodyHasRegistered) {
  clients::Client known = *app();
  known.configured = true;
  const auto configured = std::make_shared<const clients::Client>(known);
  EXPECT_TRUE(leads_on_at_once({.client = configured, .back = {}, .hinted = true}));
  EXPECT_FALSE(leads_on_at_once({.client = configured, .back = {}, .hinted = false}));
  EXPECT_FALSE(leads_on_at_once({.client = app(), .back = {}, .hinted = true}));
  EXPECT_FALSE(leads_on_at_once({.client = nullptr, .back = {}, .hinted = true}));
}

TEST(LogoutRequest, LooksUpWhoeverIsNamed) {
  EXPECT_EQ(client_of_logout({}, {}), "");
  EXPECT_EQ(client_of_logout({.client_id = "app"}, hint_for("else")), "app");
  EXPECT_EQ(client_of_logout({}, hint_for("app")), "app");
  EXPECT_EQ(client_of_logout({}, ReadHint(std::unexpected(HintFault::malformed))), "");
}

}  // namespace
}  // namespace latchkey::oauth

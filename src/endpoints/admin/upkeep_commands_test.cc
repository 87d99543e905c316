// What takes its time holds up no other command, and happens one after another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <semaphore>

#include "domain/accounts/accounts_testing.h"
#include "endpoints/admin/commands.h"

namespace latchkey::admin {
namespace {

using accounts::testing::kOperator;
using ::testing::ElementsAre;

// A base, so that it outlives the database, whose threads may still hold it for a moment after they
// have resumed the last command.
struct Socket {
  boost::asio::io_context socket_;
};

class UpkeepCommands : public Socket, public accounts::testing::AccountsOnEachEngine {
 protected:
  ~UpkeepCommands() override { copied_.release(kMostBackups); }  // those of a failed test

  // Runs a command as the socket does, on the one thread of `socket_`.
  void start(const std::string& name, const boost::json::object& arguments = {}) {
    struct Given {  // until the answer
      std::string name;
      boost::json::object arguments;
    };
    const auto given = std::make_shared<const Given>(name, arguments);
    boost::asio::co_spawn(socket_, run(operations_, kOperator, given->name, given->arguments),
                          [this, given](std::exception_ptr fault, const Answer& answer) {
                            EXPECT_FALSE(fault) << given->name;
                            EXPECT_TRUE(answer.has_value()) << given->name;
                            answered_.push_back(given->name);
                          });
  }
  // Until so many have been answered.
  void run_until(std::size_t answered) {
    while (answered_.size() < answered) ASSERT_GT(socket_.run_one_for(std::chrono::minutes{1}), 0U);
  }
  std::vector<std::string> noted() {
    std::vector<std::string> actions;
    for (const auto& entry : administration_.list_audit(std::nullopt, 100).value()) {
      actions.insert(actions.begin(), entry.action);
    }
    return actions;
  }

  static constexpr int kMostBackups = 20;  // that a test begins

  std::vector<std::string> answered_;
  std::counting_semaphore<> copied_{0};
  administration::Upkeep upkeep_{server_.ground(), *server_, *administration_,
                                 [this](const std::string&) { copied_.acquire(); }};
  administration::Sweep sweep_{server_.ground(), *administration_, "example.com"};
  ends::Replay replay_{server_.ground(), *server_, *administration_, "example.com"};
  administration::UserListing users_{server_.ground(), *administration_, "example.com"};
  const providers::ProviderSet providers_;
  const Operations operations_{.ground = server_.ground(),
                               .administration = *administration_,
                               .upkeep = upkeep_,
                               .sweep = sweep_,
                               .replay = replay_,
                               .sessions = *server_,
                               .users = users_,
                               .providers = providers_};
};

INSTANTIATE_TEST_SUITE_P(Engines, UpkeepCommands, db::engines(), db::engine_name);

TEST_P(UpkeepCommands, OthersAreAnsweredWhileABackupRuns) {
  server_.add_user("alice");
  start("backup", {{"file", "copy.db"}});
  start("keys rotate");
  start("user lock", {{"name", "alice"}});
  start("audit");
  run_until(2);
  EXPECT_THAT(answered_, ::testing::UnorderedElementsAre("user lock", "audit"));
  EXPECT_THAT(noted(), ElementsAre("user lock"));

  // Which waits for the backup: of two such things one is done at a time.
  copied_.release();
  run_until(4);
  EXPECT_THAT(noted(), ::testing::UnorderedElementsAre("user lock", "backup", "keys rotate"));
}

TEST_P(UpkeepCommands, NoKeyOfRotationsAtOnceIsLost) {
  for (int i = 0; i < 3; ++i) start("keys rotate");
  run_until(3);
  const auto listed = server_.db().read_now(keys::list_keys);
  EXPECT_EQ(listed.size(), 4U);
  EXPECT_EQ(server_->keys()->current().id, listed.back().id);
}

TEST_P(UpkeepCommands, MoreThanCanWaitAreSentAway) {
  using administration::Upkeep;
  int made = 0;
  int refused = 0;
  for (int i = 0; i < kMostBackups; ++i) {
    boost::asio::co_spawn(socket_, upkeep_.backup(kOperator, "copy.db"),
                          [&](std::exception_ptr fault, const Upkeep::Result<>& done) {
                            EXPECT_FALSE(fault);
                            ++(done ? made : refused);
                          });
  }
  while (refused < 10) ASSERT_GT(socket_.run_one_for(std::chrono::minutes{1}), 0U);
  EXPECT_EQ(made, 0);
  copied_.release(kMostBackups);
  while (made + refused < kMostBackups) ASSERT_GT(socket_.run_one_for(std::chrono::minutes{1}), 0U);
  EXPECT_GE(made, 8);
}

}  // namespace
}  // namespace latchkey::admin

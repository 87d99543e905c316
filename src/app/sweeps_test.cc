#include "app/sweeps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

#include "domain/accounts/accounts_testing.h"
#include "domain/providers/providers_testing.h"

namespace latchkey::app {
namespace {

using namespace std::chrono_literals;
using accounts::testing::kOperator;
using providers::Reply;
using sessions::testing::soon;
using ::testing::Contains;
using ::testing::HasSubstr;
using Presence = providers::PasswordProvider::Presence;

// Directories in which a person of the name of each has an entry, and an account here.
class SweepsTest : public accounts::testing::AccountsOnEachEngine {
 protected:
  void configure(const std::vector<std::pair<std::string, Limit>>& directories) {
    std::vector<providers::ProviderOptions> configured;
    for (const auto& [id, interval] : directories) {
      providers::ProviderOptions& options = configured.emplace_back();
      options.id = options.name = id;
      options.kind = providers::Kind::ldap;
      options.sweep = interval;
      administration_.create_user(kOperator, id, {}, false).value();
      EXPECT_TRUE(server_.db().write_now([&](db::Tx& tx) {
        return providers::insert_link(tx, {id, "the entry", user(tx, id), server_.clock.now()});
      }));
    }
    providers_.emplace(providers::testing::set_of(std::move(configured)));
  }
  static UserId user(db::Tx& tx, const std::string& name) {
    return accounts::find_user(tx, name).value().account.id;
  }
  // What a directory says whenever it is asked, and how often that was.
  void says(const std::string& id, std::atomic<int>& asked,
            std::function<Reply<Presence>(int)> answer) {
    providers::testing::directory_of(*providers_, id).presence =
        [&asked, answer = std::move(answer)](const std::string&) { return answer(++asked); };
  }
  Sweeps keep() {
    return {sweep_, *providers_, lease_,
            telemetry::Log({}, [this](std::string_view line) { log_.emplace_back(line); })};
  }
  bool locked(const char* name) {
    return AccountsOnEachEngine::user(name)->account.locked_at.has_value();
  }

  std::optional<providers::ProviderSet> providers_;
  administration::Sweep sweep_{server_.ground(), *administration_, "example.com"};
  Lease lease_{server_.db(), "clearing", true};
  std::vector<std::string> log_;  // to be read when the thread has ended
};

INSTANTIATE_TEST_SUITE_P(Engines, SweepsTest, db::engines(), db::engine_name);

TEST_P(SweepsTest, WhoHasLeftIsLockedAndWhoIsBackUnlockedAsTimeGoesBy) {
  configure({{"dir", 1ms}});
  std::atomic<int> asked{0};
  says("dir", asked, [](int times) { return times < 3 ? Presence::there : Presence::gone; });
  {
    const Sweeps sweeps = keep();
    EXPECT_TRUE(soon([&] { return locked("dir"); }));
  }
  EXPECT_THAT(log_, Contains(HasSubstr("swept a directory")));
  // One after the other: the audit tells them apart by the millisecond.
  server_.clock.advance(1s);
  says("dir", asked, [](int) { return Presence::there; });
  const Sweeps sweeps = keep();
  EXPECT_TRUE(soon([&] { return !locked("dir"); }));
}

TEST_P(SweepsTest, EachDirectoryIsSweptAsOftenAsItWants) {
  configure({{"seldom", 24h}, {"never", {}}, {"often", 1ms}});
  std::atomic<int> seldom{0};
  std::atomic<int> never{0};
  std::atomic<int> often{0};
  const auto there = [](int) { return Presence::there; };
  says("seldom", seldom, there);
  says("never", never, there);
  says("often", often, there);
  {
    const Sweeps sweeps = keep();
    EXPECT_TRUE(soon([&] { return often > 5; }));
  }
  EXPECT_EQ(seldom, 0);
  EXPECT_EQ(never, 0);
}

// A directory that is down, or that brings something to a fall, is asked again the next time.
TEST_P(SweepsTest, WhatFailsIsSaidAndTriedAgain) {
  configure({{"dir", 1ms}});
  std::atomic<int> asked{0};
  says("dir", asked, [](int times) -> Reply<Presence> {
    if (times < 3) {
      return std::unexpected(providers::Failure{
          .why = providers::Failure::Why::unavailable, .reason = "t", .sentence = "silence"});
    }
    if (times < 6) throw std::runtime_error("the disk is full");
    return Presence::gone;
  });
  {
    const Sweeps sweeps = keep();
    EXPECT_TRUE(soon([&] { return locked("dir"); }));
  }
  EXPECT_THAT(log_, Contains(HasSubstr("silence")));
  EXPECT_THAT(log_, Contains(HasSubstr("the disk is full")));
}

// What is due on a node that has not the lease waits there until the lease comes to it.
TEST_P(SweepsTest, AreTheWorkOfTheNodeThatHasTheLease) {
  configure({{"alice", Duration{1}}});
  std::atomic<int> asked = 0;
  says("alice", asked, [](int) { return Presence::there; });
  Lease other(server_.db(), "clearing", false);
  other.keep();
  Lease here(server_.db(), "clearing", false);
  here.keep();
  const Sweeps sweeps(sweep_, *providers_, here, telemetry::Log({}, [](std::string_view) {}));
  EXPECT_FALSE(here.held());
  EXPECT_EQ(asked, 0);
  other.give_up();
  here.keep();
  EXPECT_TRUE(soon([&] { return asked > 0; }));
}

}  // namespace
}  // namespace latchkey::app

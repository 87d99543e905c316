#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "domain/homeserver/changes.h"
#include "domain/homeserver/homeserver_testing.h"
#include "domain/homeserver/provisioning.h"
#include "domain/outbox/outbox_rows.h"
#include "domain/self/self_testing.h"

namespace latchkey::homeserver::testing {

// People who sign in, with a homeserver behind and nobody who delivers the outbox but the tests.
class OnAHomeserver : public self::testing::SigninOnEachEngine {
 protected:
  OnAHomeserver() {
    listen(server_.events, outbox_);
    Provisioning::listen(server_.events, [this]() -> Provisioning& { return *provisioning_; });
    start();
    administration_.create_user(accounts::testing::kOperator, "alice", "correct horse", false)
        .value();
  }

  void start(ProvisioningOptions options = {.patience = std::chrono::seconds{60},
                                            .abandoned_after = std::chrono::minutes{5}}) {
    provisioning_.emplace(Provisioning::Parts{.ground = server_.ground(),
                                              .homeserver = fake_,
                                              .outbox = outbox_,
                                              .alone = true,
                                              .options = options});
  }
  signin::SignedIn sign_in(const std::string& device_id = "PHONE") {
    return login("alice", "correct horse", device_id).value();
  }
  sessions::Worth worth(const signin::SignedIn& of) {
    return server_.check(of.tokens.access_token).worth;
  }

  // The kinds of the items that wait, in their order.
  std::vector<std::string> waiting() {
    return server_.db().read_now([](db::Tx& tx) {
      std::vector<std::string> kinds;
      tx.each<std::string>("SELECT kind FROM outbox WHERE consumer = 'homeserver' ORDER BY id",
                           [&](std::string& kind) { kinds.push_back(std::move(kind)); });
      return kinds;
    });
  }
  // Delivers all of them.
  void deliver() {
    Deliveries deliveries(server_.db(), fake_, server_.clock);
    const auto first = [this](db::Tx& tx) {
      return outbox::claim_due(tx, kConsumer, outbox::Attempts::first, server_.clock.now());
    };
    while (auto work = server_.db().write_now(first)) {
      while (work) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1};
        const auto done = deliveries.deliver(work->item, {.deadline = deadline, .stop = {}});
        ASSERT_EQ(done.outcome, outbox::Delivery::Outcome::delivered) << done.why;
        work = server_.db().write_now([&](db::Tx& tx) {
          return outbox::settle(tx, *work, outbox::Then::go_on, server_.clock.now());
        });
      }
    }
  }
  std::int64_t records() { return server_.count("SELECT COUNT(*) FROM homeserver_devices"); }
  // The device of a sign-in that came to nothing goes.
  void expect_taken_back(const std::string& device_id) {
    ASSERT_TRUE(sessions::testing::soon([&] { return records() == 0; }));
    deliver();
    EXPECT_FALSE(fake_.has_device("alice", device_id));
  }

  FakeHomeserver fake_;
  outbox::Outbox outbox_{server_.clock};
  std::optional<Provisioning> provisioning_;
};

}  // namespace latchkey::homeserver::testing

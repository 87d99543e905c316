#include "domain/sessions/listeners.h"

#include <gtest/gtest.h>

#include "domain/sessions/sessions_testing.h"

namespace latchkey::sessions {
namespace {

using namespace events;

// Whether what is remembered of an account's tokens (Identity, and what surfaces have rendered of
// it) is no longer so afterwards. An event without a line here does not compile.
constexpr bool changes_tokens(const AccountCreated&) { return false; }
constexpr bool changes_tokens(const AccountLocked&) { return true; }
constexpr bool changes_tokens(const AccountUnlocked&) { return true; }
constexpr bool changes_tokens(const AccountSuspended&) { return true; }
constexpr bool changes_tokens(const AccountUnsuspended&) { return true; }
constexpr bool changes_tokens(const AdministratorChanged&) { return true; }
constexpr bool changes_tokens(const AccountDeactivated&) { return true; }
constexpr bool changes_tokens(const AccountErased&) { return false; }  // they ended before
constexpr bool changes_tokens(const AccountReactivated&) { return true; }
constexpr bool changes_tokens(const DisplayNameChanged&) { return false; }
constexpr bool changes_tokens(const AddressesChanged&) { return false; }
constexpr bool changes_tokens(const LinkRemoved&) { return false; }
constexpr bool changes_tokens(const CrossSigningResetAllowed&) { return false; }
constexpr bool changes_tokens(const PasswordReplaced&) { return false; }  // what ends is told

class CacheListener : public testing::OnEachEngine {
 protected:
  template <class Event>
  void tell(UserId user) {
    Event event{};
    event.user = user;
    server_.db().write_now([&](db::Tx& tx) { server_.events.tell(tx, event); });
  }
  template <class Event>
  void expect_heard() {
    const auto alice = server_.add_user("alice" + std::to_string(++users_));
    const auto bob = server_.add_user("bob" + std::to_string(users_));
    const auto hers = server_.sign_in(alice);
    const auto his = server_.sign_in(bob);
    for (const auto* one : {&hers, &his})
      ASSERT_TRUE(server_.look(one->access()).standing.active());
    tell<Event>(alice.id);
    EXPECT_EQ(server_.remembers(hers.access()), !changes_tokens(Event{})) << users_;
    EXPECT_TRUE(server_.remembers(his.access())) << users_;
  }
  template <class... All>
  void expect_each_heard(const std::tuple<All...>*) {
    (expect_heard<All>(), ...);
  }

 private:
  int users_ = 0;  // one for each event: its place in AccountEvents
};

INSTANTIATE_TEST_SUITE_P(Engines, CacheListener, db::engines(), db::engine_name);

TEST_P(CacheListener, ForgetsAnAccountWhoseTokensChange) {
  expect_each_heard(static_cast<const AccountEvents*>(nullptr));
}

TEST_P(CacheListener, ForgetsNothingOfWhatIsTakenBack) {
  const auto alice = server_.sign_in(server_.add_user());
  ASSERT_TRUE(server_.look(alice.access()).standing.active());
  EXPECT_THROW(server_.db().write_now([&](db::Tx& tx) {
    server_.events.tell(tx, AccountLocked{alice.session.account.id});
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  EXPECT_TRUE(server_.remembers(alice.access()));
}

}  // namespace
}  // namespace latchkey::sessions

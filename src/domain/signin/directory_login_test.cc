// Sign-in and confirmation with a directory's password.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <future>

#include "domain/self/self_testing.h"
#include "platform/error_testing.h"

namespace latchkey::signin {
namespace {

using namespace std::chrono_literals;
using providers::Failure;
using providers::Person;
using providers::Reply;
using sessions::testing::run;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Why = LoginRefused::Why;

constexpr const char* kHere = "192.0.2.1";

// Two directories, of which the second is "dir2". In the first there are Alice and Bob.
class DirectoryLoginTest : public self::testing::SigninOnEachEngine {
 protected:
  DirectoryLoginTest() {
    dir().who = [this](const std::string& user, const std::string& subject,
                       const std::string& password) { return first(user, subject, password); };
  }

  Reply<Person> first(const std::string& user, const std::string& subject,
                      const std::string& password) {
    asked_about_.push_back(subject.empty() ? user : "subject " + subject);
    if (failure_) return std::unexpected(*failure_);
    for (const char* name : {"alice", "bob"}) {
      const std::string key = std::string("id of ") + name;
      if ((user != name && subject != key) || password != "directory's") continue;
      return Person{.subject = key, .claims = claims_, .administrator = administrator_};
    }
    return std::unexpected(
        Failure{.why = Failure::Why::wrong_credentials, .reason = "test", .sentence = "nobody"});
  }

  static self::testing::Setup with_directories() {
    self::testing::Setup setup;
    providers::ProviderOptions dir;
    dir.id = "dir";
    dir.name = "Directory";
    dir.kind = providers::Kind::ldap;
    dir.display_name = "{{ claims.cn }}";
    dir.update_profile = true;
    providers::ProviderOptions second = dir;
    second.id = "dir2";
    second.name = "Second";
    setup.providers = {dir, second};
    return setup;
  }

  providers::testing::ScriptedDirectory& dir(const char* id = "dir") {
    return providers::testing::directory_of(surface_.providers, id);
  }

  UserId make_user(const std::string& name, const std::optional<std::string>& password = {}) {
    EXPECT_TRUE(administration_.create_user(accounts::testing::kOperator, name, password, false));
    return user(name).value().account.id;
  }
  void link(UserId to, const std::string& subject, const char* provider = "dir") {
    EXPECT_TRUE(server_.db().write_now([&](db::Tx& tx) {
      return providers::insert_link(tx, {provider, subject, to, server_.clock.now()});
    }));
  }
  Why refused(const SignIn::Result& result) {
    EXPECT_FALSE(result);
    return result ? Why::busy : error_of(result).why;
  }
  std::expected<CheckedUser, LoginRefused> confirm(const char* localpart, std::string password) {
    return run(surface_.check.check(KnownUser{localpart}, std::move(password), kHere));
  }
  static Failure failure(Failure::Why why) {
    return {.why = why, .reason = "test", .sentence = "a test"};
  }

  std::vector<std::string> asked_about_;
  std::optional<Failure> failure_;
  boost::json::object claims_;
  std::optional<bool> administrator_;
  self::testing::Surface surface_{server_.ground(), *server_, passwords_, with_directories()};
};

INSTANTIATE_TEST_SUITE_P(Engines, DirectoryLoginTest, db::engines(), db::engine_name);

TEST_P(DirectoryLoginTest, SignsInToTheAccountThatIsLinkedWhateverWasTyped) {
  const UserId ally = make_user("ally");
  link(ally, "id of alice");
  const auto by_name = login(surface_, "alice", "directory's");
  ASSERT_TRUE(by_name);
  EXPECT_EQ(by_name->localpart, "ally");
  // By the name that they have here the directory is asked for the person, not for that name.
  for (const char* name : {"ally", "Ally", "@ally:example.com"}) {
    const auto signed_in = login(surface_, name, "directory's", "TABLET");
    ASSERT_TRUE(signed_in) << name;
    EXPECT_EQ(signed_in->localpart, "ally");
  }
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM provider_links WHERE used_at IS NOT NULL"), 1);
}

TEST_P(DirectoryLoginTest, OneThatIsSomebodyElsesNameThereIsStillTheAccounts) {
  link(make_user("bob"), "id of alice");
  const auto signed_in = login(surface_, "bob", "directory's");
  ASSERT_TRUE(signed_in);
  EXPECT_EQ(signed_in->localpart, "bob");
  EXPECT_THAT(asked_about_, ElementsAre("subject id of alice"));
}

TEST_P(DirectoryLoginTest, AnAccountsOwnPasswordNeverReachesADirectory) {
  make_user("alice", "correct horse");
  EXPECT_TRUE(login(surface_, "alice", "correct horse"));
  EXPECT_EQ(dir().asked, 0);
  EXPECT_EQ(refused(login(surface_, "alice", "")), Why::wrong_credentials);
  EXPECT_EQ(refused(login(surface_, "nobody", "")), Why::wrong_credentials);
  EXPECT_EQ(dir().asked, 0);
  EXPECT_EQ(refused(login(surface_, "alice", "wrong")), Why::wrong_credentials);
  EXPECT_EQ(dir().asked, 1);
  EXPECT_EQ(dir("dir2").asked, 1);
}

TEST_P(DirectoryLoginTest, OnlyNamesThatCanBeMeantReachADirectory) {
  const auto told = [&](const Identifier& who) {
    asked_about_.clear();
    EXPECT_FALSE(run(surface_.check.check(who, "x", kHere)));
    return asked_about_;
  };
  EXPECT_THAT(told(UserName{"  Jörg (Müller)* "}), ElementsAre("Jörg (Müller)*"));
  EXPECT_THAT(told(UserName{"@Carl:example.com"}), ElementsAre("Carl"));
  EXPECT_THAT(told(UserName{"@carl:elsewhere.example"}), IsEmpty());
  EXPECT_THAT(told(UserName{""}), IsEmpty());
  EXPECT_THAT(told(ThirdParty{"email", "carl@example.org"}), ElementsAre("carl@example.org"));
  EXPECT_THAT(told(ThirdParty{"msisdn", "49301234567"}), IsEmpty());
  EXPECT_THAT(told(Phone{"DE", "0301234567"}), IsEmpty());
  // Whose account is known is asked for by its links alone.
  make_user("bob");
  EXPECT_THAT(told(KnownUser{"bob"}), IsEmpty());
}

TEST_P(DirectoryLoginTest, WhoHasNoAccountIsHandedOn) {
  make_user("alice", "correct horse");
  const auto refused = login(surface_, "alice", "directory's");
  ASSERT_FALSE(refused);
  EXPECT_EQ(error_of(refused).why, Why::first_time);
  EXPECT_EQ(error_of(refused).provider, "Directory");
  EXPECT_EQ(error_of(refused).newcomer->person.subject, "id of alice");
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM sessions"), 0);
  // Confirmations know no newcomers.
  const auto confirmed = run(surface_.check.check(UserName{"alice"}, "directory's", kHere));
  EXPECT_EQ(error_of(confirmed).why, Why::wrong_credentials);
}

TEST_P(DirectoryLoginTest, AnotherPersonsPasswordConfirmsNothing) {
  link(make_user("alice"), "id of alice");
  link(make_user("bob"), "id of bob");
  make_user("carol");
  dir().who = [](const std::string&, const std::string& subject,
                 const std::string& password) -> Reply<Person> {
    // Of whoever is asked about, Bob's is right.
    if (password == "Bob's") return Person{.subject = "id of bob"};
    if (password == "right") return Person{.subject = subject};
    return std::unexpected(failure(Failure::Why::wrong_credentials));
  };
  EXPECT_TRUE(confirm("alice", "right"));
  EXPECT_TRUE(confirm("bob", "Bob's"));
  EXPECT_EQ(error_of(confirm("alice", "Bob's")).why, Why::wrong_credentials);
  EXPECT_EQ(error_of(confirm("carol", "Bob's")).why, Why::wrong_credentials);
}

TEST_P(DirectoryLoginTest, ADirectoryThatIsAwayIsNoWrongPassword) {
  make_user("local", "correct horse");
  link(make_user("alice"), "id of alice");
  for (const auto why : {Failure::Why::unavailable, Failure::Why::misconfigured}) {
    failure_ = failure(why);
    for (const char* name : {"alice", "a newcomer"}) {
      const auto refused = login(surface_, name, "directory's");
      ASSERT_FALSE(refused);
      EXPECT_EQ(error_of(refused).why, Why::directory_away) << name;
      EXPECT_EQ(error_of(refused).retry_after, kDirectoryAwayFor);
      EXPECT_EQ(error_of(refused).provider, "Directory");
    }
    EXPECT_TRUE(login(surface_, "local", "correct horse"));
    EXPECT_EQ(refused(login(surface_, "local", "wrong")), Why::wrong_credentials);
  }
}

TEST_P(DirectoryLoginTest, OneThatIsNotLetInIsToldSo) {
  link(make_user("alice"), "id of alice");
  failure_ = failure(Failure::Why::denied);
  const auto refused = login(surface_, "alice", "directory's");
  ASSERT_FALSE(refused);
  EXPECT_EQ(error_of(refused).why, Why::directory_refuses);
  EXPECT_EQ(error_of(refused).provider, "Directory");
}

TEST_P(DirectoryLoginTest, ADirectoryIsAskedBehindOneThatIsAway) {
  link(make_user("carol"), "id of carol", "dir2");
  failure_ = failure(Failure::Why::unavailable);
  dir("dir2").who = [](const std::string&, const std::string&, const std::string&) {
    return Person{.subject = "id of carol"};
  };
  EXPECT_TRUE(login(surface_, "carol", "hers"));
}

// A guess is one, whoever does not answer; and one at a name that only directories can have.
TEST_P(DirectoryLoginTest, GuessesAreLimited) {
  self::testing::Setup setup = with_directories();
  setup.limits.failures = 100;
  setup.limits.repeated_failures = 3;
  self::testing::Surface surface{server_.ground(), *server_, passwords_, setup};
  const auto tried = [&](const std::string& name, const char* password) {
    const auto result = login(surface, name, password);
    return result ? std::optional<Why>() : error_of(result).why;
  };
  for (const char* spelling : {"Jörg Müller", "JÖRG MÜLLER", " jörg  müller"}) {
    EXPECT_EQ(tried(spelling, "a guess"), Why::wrong_credentials);
  }
  EXPECT_EQ(tried("jörg müller", "a guess"), Why::too_many_failures);
  EXPECT_EQ(tried("Jörg Maier", "a guess"), Why::wrong_credentials);

  link(make_user("alice", "correct horse"), "id of alice");
  providers::testing::directory_of(surface.providers, "dir").who =
      [](const std::string&, const std::string&, const std::string&) -> Reply<Person> {
    return std::unexpected(failure(Failure::Why::unavailable));
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(tried("alice", "a guess"), Why::directory_away);
  EXPECT_EQ(tried("alice", "correct horse"), Why::too_many_failures);

  // It may refuse somebody without a look at the password.
  link(make_user("bob"), "id of bob");
  providers::testing::directory_of(surface.providers, "dir").who =
      [](const std::string&, const std::string&, const std::string&) -> Reply<Person> {
    return std::unexpected(failure(Failure::Why::denied));
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(tried("bob", "a guess"), Why::directory_refuses);
  EXPECT_EQ(tried("bob", "a guess"), Why::too_many_failures);
}

// Else an outage of the directory would lock its people out.
TEST_P(DirectoryLoginTest, AnOutageCountsForNobody) {
  self::testing::Setup setup = with_directories();
  setup.limits.failures = 3;
  self::testing::Surface surface{server_.ground(), *server_, passwords_, setup};
  link(make_user("alice"), "id of alice");
  bool away = true;
  providers::testing::directory_of(surface.providers, "dir").who =
      [&away](const std::string&, const std::string& subject, const std::string&) -> Reply<Person> {
    if (away) return std::unexpected(failure(Failure::Why::unavailable));
    return Person{.subject = subject};
  };
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(error_of(login(surface, "alice", "hers")).why, Why::directory_away);
  }
  away = false;
  EXPECT_TRUE(login(surface, "alice", "hers"));
}

TEST_P(DirectoryLoginTest, WithoutPasswordsOfThisServerOnlyDirectoriesAreAsked) {
  make_user("alice", "correct horse");
  accounts::PasswordOptions options = accounts::testing::cheap_passwords();
  options.enabled = false;
  accounts::Passwords off(options);
  self::testing::Surface surface{server_.ground(), *server_, off, with_directories()};
  EXPECT_TRUE(surface.check.enabled());
  EXPECT_EQ(error_of(login(surface, "alice", "correct horse")).why, Why::wrong_credentials);
  self::testing::Surface neither{server_.ground(), *server_, off, {}};
  EXPECT_FALSE(neither.check.enabled());
  EXPECT_EQ(error_of(login(neither, "alice", "correct horse")).why, Why::not_offered);
}

// A link that is taken away while the directory is asked lets nobody in.
TEST_P(DirectoryLoginTest, TheLinkHasToBeThereStill) {
  const UserId alice = make_user("alice");
  link(alice, "id of alice");
  const auto checked = confirm("alice", "directory's");
  ASSERT_TRUE(checked);
  const auto locked = [&] {
    return server_.db().write_now(
        [&](db::Tx& tx) { return PasswordCheck::lock_if_unchanged(tx, *checked).has_value(); });
  };
  EXPECT_TRUE(locked());
  server_.sql("UPDATE provider_links SET user_id = " +
              std::to_string(std::to_underlying(make_user("bob"))));
  EXPECT_FALSE(locked());
  server_.sql("DELETE FROM provider_links");
  EXPECT_FALSE(locked());
  EXPECT_EQ(refused(login(surface_, "alice", "directory's")), Why::first_time);
}

TEST_P(DirectoryLoginTest, TheStateOfTheAccountCountsAsForAPassword) {
  link(make_user("alice"), "id of alice");
  administration_.lock(accounts::testing::kOperator, "alice").value();
  EXPECT_EQ(refused(login(surface_, "alice", "directory's")), Why::account_locked);
  administration_.unlock(accounts::testing::kOperator, "alice").value();
  administration_.deactivate(accounts::testing::kOperator, "alice", false).value();
  EXPECT_EQ(refused(login(surface_, "alice", "directory's")), Why::account_deactivated);
}

TEST_P(DirectoryLoginTest, TakesOverWhatTheDirectorySays) {
  const UserId alice = make_user("alice");
  link(alice, "id of alice");
  const auto display_name = [&] {
    return server_.db().read_now(
        [&](db::Tx& tx) { return accounts::find_display_name(tx, alice); });
  };
  claims_["cn"] = "Alice";
  EXPECT_TRUE(login(surface_, "alice", "directory's"));
  EXPECT_EQ(display_name(), "Alice");
  EXPECT_FALSE(user("alice")->account.admin);
  administrator_ = true;
  EXPECT_TRUE(login(surface_, "alice", "directory's"));
  EXPECT_TRUE(user("alice")->account.admin);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM audit WHERE action = 'user admin'"), 1);
  // One that does not say takes nothing away.
  administrator_.reset();
  EXPECT_TRUE(login(surface_, "alice", "directory's"));
  EXPECT_TRUE(user("alice")->account.admin);
  administrator_ = false;
  EXPECT_TRUE(login(surface_, "alice", "directory's"));
  EXPECT_FALSE(user("alice")->account.admin);
  // A confirmation changes nothing, nor does a sign-in that is refused.
  administrator_ = true;
  EXPECT_TRUE(confirm("alice", "directory's"));
  EXPECT_FALSE(user("alice")->account.admin);
  administration_.lock(accounts::testing::kOperator, "alice").value();
  EXPECT_FALSE(login(surface_, "alice", "directory's"));
  EXPECT_FALSE(user("alice")->account.admin);
}

TEST(Directories, DoNotWaitLongerThanTheirPatienceForTheirTurn) {
  sessions::testing::TestSessions server{db::Dialect::sqlite};
  const auto providers = providers::testing::set_of({}, {"dir"});
  auto& directory = providers::testing::directory_of(providers, "dir");
  std::promise<void> enough;
  const auto waited = enough.get_future().share();
  directory.who = [&](const std::string&, const std::string&, const std::string&) -> Reply<Person> {
    waited.wait();
    return std::unexpected(
        Failure{.why = Failure::Why::unavailable, .reason = "test", .sentence = "silence"});
  };
  Directories directories(server.ground(), providers,
                          {.patience = 200ms, .threads = 1, .queue = 1});
  const Directories::Question question{.provider = providers.find("dir"), .user = "alice"};
  boost::asio::io_context context;
  std::vector<Word> words;
  const auto ask = [&]() -> Task<void> {
    words.push_back((co_await directories.ask(question, Secret("x"))).word);
  };
  // One is being asked, one waits, and for the third there is no room.
  for (int i = 0; i < 3; ++i) {
    boost::asio::co_spawn(context, ask(), boost::asio::detached);
    while (i == 0 && directory.asked == 0) context.poll();
  }
  while (words.empty()) context.poll();
  EXPECT_THAT(words, ElementsAre(Word::no_answer));
  const auto over = std::chrono::steady_clock::now() + 200ms;
  while (std::chrono::steady_clock::now() < over) context.poll();
  enough.set_value();
  context.run();
  EXPECT_THAT(words, SizeIs(3));
  // The one that waited was not asked any more.
  EXPECT_EQ(directory.asked, 1);
}

}  // namespace
}  // namespace latchkey::signin

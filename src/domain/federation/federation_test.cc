#include "domain/federation/federation.h"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <future>

#include "domain/accounts/audit.h"
#include "domain/federation/federation_testing.h"
#include "domain/providers/told_email_rows.h"

namespace latchkey::federation {
namespace {

using namespace std::chrono_literals;
using providers::Failure;
using providers::Person;
using providers::Returned;
using sessions::testing::run;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kBrowser;
using testing::kOrigin;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class FederationTest : public testing::FederationOnEachEngine {};

INSTANTIATE_TEST_SUITE_P(Engines, FederationTest, db::engines(), db::engine_name);

TEST_P(FederationTest, WhoIsLinkedSignsIn) {
  const UserId alice = make_user("alice");
  link("corp", "a1", alice);
  const auto arrived = sign_in("corp", "a1");
  ASSERT_TRUE(arrived);
  const auto& signed_in = std::get<SignedIn>(*arrived);
  EXPECT_EQ(signed_in.browser.session.account.id, alice);
  EXPECT_EQ(signed_in.browser.session.authenticated.by, signin::AuthMethod::provider);
  EXPECT_EQ(signed_in.next, "/account/devices");
  EXPECT_TRUE(ways_in(alice).at(0).used_at);
  // Of another provider that name is somebody else.
  EXPECT_EQ(why(sign_in("other", "a1")), Refused::Why::no_account);
}

TEST_P(FederationTest, AWayIsGoneOnceAndInItsBrowser) {
  link("corp", "a1", make_user("alice"));
  const std::string state = leave("corp");
  EXPECT_EQ(why(arrive("corp", state, "a1", {}, "another browser")), Refused::Why::way_over);
  EXPECT_EQ(why(arrive("other", state, "a1")), Refused::Why::way_over);
  EXPECT_EQ(why(arrive("corp", "no state", "a1")), Refused::Why::way_over);
  EXPECT_TRUE(arrive("corp", state, "a1"));
  EXPECT_EQ(why(arrive("corp", state, "a1")), Refused::Why::way_over);
  const std::string late = leave("corp");
  server_.clock.advance(31min);
  EXPECT_EQ(why(arrive("corp", late, "a1")), Refused::Why::way_over);
}

TEST_P(FederationTest, WhatTheProviderRefusesEndsTheWay) {
  link("corp", "a1", make_user("alice"));
  using F = Failure::Why;
  using R = Refused::Why;
  for (const auto& [said, told] : {std::pair{F::unavailable, R::unavailable},
                                   {F::denied, R::denied},
                                   {F::not_fresh, R::not_fresh},
                                   {F::not_believed, R::not_believed},
                                   {F::misconfigured, R::misconfigured}}) {
    failure_ = Failure{.why = said, .reason = "test", .sentence = "a test"};
    const std::string state = leave("corp");
    const auto refused = arrive("corp", state, "a1");
    EXPECT_EQ(why(refused), told);
    EXPECT_EQ(error_of(refused).retry_after > 0s, told == R::unavailable);
    failure_.reset();
    EXPECT_EQ(why(arrive("corp", state, "a1")), R::way_over);
  }
}

TEST_P(FederationTest, ANewcomerChoosesANameAndComesBackToIt) {
  claims_ = {{"display", "Carol C."}, {"email", "carol@example.org"}, {"email_verified", true}};
  const auto arrived = sign_in("corp", "Carol");
  ASSERT_TRUE(arrived);
  const auto& question = std::get<Question>(*arrived);
  EXPECT_EQ(question.course, Course::choose_name);
  EXPECT_EQ(question.localpart, "carol");
  EXPECT_EQ(question.display_name, "Carol C.");
  EXPECT_EQ(question.email, "carol@example.org");
  EXPECT_FALSE(user("carol"));
  const auto again = run(federation().question(question.state, kBrowser));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->localpart, "carol");
  EXPECT_FALSE(run(federation().question(question.state, "another browser")));

  const Federation::Choice choice{.state = question.state,
                                  .browser = kBrowser,
                                  .localpart = " Caroline ",
                                  .cookie = {},
                                  .origin = kOrigin};
  const auto chosen = run(federation().choose(choice));
  ASSERT_TRUE(chosen);
  EXPECT_EQ(chosen->browser.session.account.localpart, "caroline");
  const UserId carol = user("caroline").value().account.id;
  EXPECT_FALSE(user("caroline")->password_hash);
  EXPECT_THAT(ways_in(carol), SizeIs(1));
  server_.db().read_now([&](db::Tx& tx) {
    EXPECT_EQ(accounts::find_display_name(tx, carol), "Carol C.");
    EXPECT_EQ(accounts::find_user_by_threepid(tx, {"email", "carol@example.org"})->account.id,
              carol);
    // Taken away, it would stay away.
    EXPECT_NE(providers::find_told_email(tx, "corp", "Carol"), "");
    return true;
  });
  // The form sent twice makes no second account, nor does another way of the same person.
  EXPECT_FALSE(run(federation().choose(choice)));
  const auto back = sign_in("corp", "Carol");
  ASSERT_TRUE(back);
  EXPECT_EQ(std::get<SignedIn>(*back).browser.session.account.id, carol);
}

TEST_P(FederationTest, TwoWaysOfOneNewcomerMakeOneAccount) {
  const auto first = sign_in("corp", "Carol");
  const auto second = sign_in("corp", "Carol");
  ASSERT_TRUE(first && second);
  const auto choose = [&](const Result& arrived, const std::string& name) {
    return run(federation().choose({.state = std::get<Question>(*arrived).state,
                                    .browser = kBrowser,
                                    .localpart = name,
                                    .cookie = {},
                                    .origin = kOrigin}));
  };
  EXPECT_TRUE(choose(first, "carol"));
  const auto refused = choose(second, "carola");
  ASSERT_FALSE(refused);
  EXPECT_EQ(std::get<Refused>(error_of(refused)).why, Refused::Why::linked_elsewhere);
  EXPECT_FALSE(user("carola"));
}

TEST_P(FederationTest, ANameThatIsTakenOrNoneIsSaid) {
  make_user("dave");
  const auto arrived = sign_in("corp", "Carol");
  ASSERT_TRUE(arrived);
  const std::string state = std::get<Question>(*arrived).state;
  using Why = registration::RegistrationRefused::Why;
  for (const auto& [name, reason] :
       {std::pair{"dave", Why::username_taken}, {"no name", Why::invalid_username}}) {
    const auto refused = run(federation().choose(
        {.state = state, .browser = kBrowser, .localpart = name, .cookie = {}, .origin = kOrigin}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(std::get<registration::RegistrationRefused>(error_of(refused)).why, reason);
  }
  EXPECT_TRUE(run(federation().question(state, kBrowser)));
}

TEST_P(FederationTest, ALocalAccountOfThatNameIsProvedByItsPassword) {
  const UserId alice = make_user("alice", "correct horse");
  const auto arrived = sign_in("corp", "Alice");
  ASSERT_TRUE(arrived);
  const auto& question = std::get<Question>(*arrived);
  EXPECT_EQ(question.course, Course::prove_account);
  EXPECT_EQ(question.localpart, "alice");
  const auto prove = [&](const char* password) {
    return run(federation().prove({.state = question.state,
                                   .browser = kBrowser,
                                   .password = password,
                                   .cookie = {},
                                   .origin = kOrigin}));
  };
  const auto wrong = prove("wrong");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(std::get<signin::LoginRefused>(error_of(wrong)).why,
            signin::LoginRefused::Why::wrong_credentials);
  EXPECT_THAT(ways_in(alice), IsEmpty());
  EXPECT_TRUE(prove("correct horse"));
  EXPECT_THAT(ways_in(alice), SizeIs(1));
  EXPECT_FALSE(prove("correct horse"));
  EXPECT_TRUE(std::holds_alternative<SignedIn>(*sign_in("corp", "Alice")));
}

// Whoever is asked for a name has no account to prove, and the other way round.
TEST_P(FederationTest, AQuestionHasOneKindOfAnswer) {
  make_user("alice", "correct horse");
  const auto known = sign_in("corp", "Alice");
  const auto unknown = sign_in("corp", "Carol");
  ASSERT_TRUE(known && unknown);
  const auto chosen = run(federation().choose({.state = std::get<Question>(*known).state,
                                               .browser = kBrowser,
                                               .localpart = "alicia",
                                               .cookie = {},
                                               .origin = kOrigin}));
  ASSERT_FALSE(chosen);
  EXPECT_EQ(std::get<Refused>(error_of(chosen)).why, Refused::Why::way_over);
  EXPECT_FALSE(user("alicia"));
  const auto proved = run(federation().prove({.state = std::get<Question>(*unknown).state,
                                              .browser = kBrowser,
                                              .password = "correct horse",
                                              .cookie = {},
                                              .origin = kOrigin}));
  ASSERT_FALSE(proved);
  EXPECT_TRUE(std::holds_alternative<Refused>(error_of(proved)));
}

// What the provider has said of them is not said again when they have chosen a name.
TEST_P(FederationTest, WhoChoosesANameIsWhatTheProviderHasSaid) {
  scripted("corp").who = [](const Returned&) -> providers::Reply<Person> {
    Person person{.subject = "Carol", .administrator = true};
    person.claims = {{"name", "Carol"}};
    return person;
  };
  const auto arrived = sign_in("corp", "Carol");
  ASSERT_TRUE(arrived);
  EXPECT_TRUE(run(federation().choose({.state = std::get<Question>(*arrived).state,
                                       .browser = kBrowser,
                                       .localpart = "carol",
                                       .cookie = {},
                                       .origin = kOrigin})));
  EXPECT_TRUE(user("carol").value().account.admin);
}

TEST_P(FederationTest, AClockThatIsSetBackProlongsNoWay) {
  link("corp", "a1", make_user("alice"));
  server_.clock.advance(24h);
  const std::string state = leave("corp");
  server_.clock.advance(-2h);
  EXPECT_EQ(why(arrive("corp", state, "a1")), Refused::Why::way_over);
}

TEST_P(FederationTest, AnAddressIsTakenOverAgainWhereThatIsSaid) {
  const UserId alice = make_user("alice");
  make_user("bob");
  link("corp", "a1", alice);
  link("other", "a2", alice);
  const auto come = [&](const char* provider, const char* subject, const char* address) {
    claims_ = {{"email", address}, {"email_verified", true}};
    EXPECT_TRUE(sign_in(provider, subject)) << address;
  };
  come("corp", "a1", "alice@example.org");
  EXPECT_THAT(emails(alice), IsEmpty());
  come("other", "a2", "Alice@Example.org");
  EXPECT_THAT(emails(alice), ElementsAre("alice@example.org"));
  // What the person has taken away stays away, until it is another.
  ASSERT_TRUE(administration_.remove_threepid(accounts::testing::kOperator, "alice", "email",
                                              "alice@example.org"));
  come("other", "a2", "alice@example.org");
  EXPECT_THAT(emails(alice), IsEmpty());
  come("other", "a2", "alice.smith@example.org");
  EXPECT_THAT(emails(alice), ElementsAre("alice.smith@example.org"));
  // One that is their own doing is left alone, the provider's is replaced.
  ASSERT_TRUE(administration_.add_threepid(accounts::testing::kOperator, "alice", "email",
                                           "private@example.net"));
  come("other", "a2", "alice.jones@example.org");
  EXPECT_THAT(emails(alice),
              UnorderedElementsAre("private@example.net", "alice.jones@example.org"));
  come("other", "a2", "private@example.net");
  EXPECT_THAT(emails(alice), ElementsAre("private@example.net"));
  // Another account's.
  ASSERT_TRUE(administration_.add_threepid(accounts::testing::kOperator, "bob", "email",
                                           "bob@example.org"));
  come("other", "a2", "bob@example.org");
  EXPECT_THAT(emails(alice), ElementsAre("private@example.net"));
  // And what nobody has verified, or nobody says.
  claims_ = {{"email", "alice@example.com"}};
  EXPECT_TRUE(sign_in("other", "a2"));
  claims_ = {};
  EXPECT_TRUE(sign_in("other", "a2"));
  EXPECT_THAT(emails(alice), ElementsAre("private@example.net"));
}

TEST_P(FederationTest, AnAddressCountsOnlyWhenItIsVerified) {
  make_user("dave", "correct horse");
  ASSERT_TRUE(administration_.add_threepid(accounts::testing::kOperator, "dave", "email",
                                           "dave@example.org"));
  claims_ = {{"email", "dave@example.org"}};
  EXPECT_EQ(std::get<Question>(*sign_in("corp", "Mallory")).course, Course::choose_name);
  claims_["email_verified"] = true;
  const auto arrived = sign_in("corp", "David");
  EXPECT_EQ(std::get<Question>(*arrived).course, Course::prove_account);
  EXPECT_EQ(std::get<Question>(*arrived).localpart, "dave");
}

TEST_P(FederationTest, TheLockedAndTheDeactivatedStayOutside) {
  link("corp", "a1", make_user("alice"));
  link("corp", "b1", make_user("bob"));
  ASSERT_TRUE(administration_.lock(accounts::testing::kOperator, "alice"));
  ASSERT_TRUE(administration_.deactivate(accounts::testing::kOperator, "bob", false));
  EXPECT_EQ(why(sign_in("corp", "a1")), Refused::Why::locked);
  EXPECT_EQ(why(sign_in("corp", "b1")), Refused::Why::deactivated);
}

TEST_P(FederationTest, AVisitorLinksAndSomebodyElsesLinkStays) {
  const UserId alice = make_user("alice");
  link("corp", "a1", alice);
  const auto visitor = std::get<SignedIn>(*sign_in("corp", "a1")).browser.session;
  const auto linked = arrive("other", leave("other", Purpose::link, alice), "a2", visitor);
  ASSERT_TRUE(linked);
  EXPECT_EQ(std::get<Linked>(*linked).course, Course::link);
  EXPECT_THAT(ways_in(alice), SizeIs(2));
  EXPECT_EQ(std::get<Linked>(*arrive("other", leave("other", Purpose::link, alice), "a2", visitor))
                .course,
            Course::already_linked);
  const UserId bob = make_user("bob");
  link("other", "b2", bob);
  EXPECT_EQ(why(arrive("other", leave("other", Purpose::link, alice), "b2", visitor)),
            Refused::Why::linked_elsewhere);
  // Signed out, or somebody else by now.
  EXPECT_EQ(why(arrive("other", leave("other", Purpose::link, alice), "a3")),
            Refused::Why::signed_out);
  EXPECT_EQ(why(arrive("other", leave("other", Purpose::link, bob), "b3", visitor)),
            Refused::Why::signed_out);
}

TEST_P(FederationTest, OnlyThePersonConfirmsWhoTheyAre) {
  const UserId alice = make_user("alice");
  link("corp", "a1", alice);
  link("corp", "b1", make_user("bob"));
  const auto visitor = std::get<SignedIn>(*sign_in("corp", "a1")).browser.session;
  EXPECT_FALSE(scripted("corp").asked_again);
  server_.clock.advance(1h);
  EXPECT_FALSE(surface_.browsers.fresh(visitor));
  EXPECT_EQ(why(arrive("corp", leave("corp", Purpose::reauthenticate, alice), "b1", visitor)),
            Refused::Why::another_person);
  const auto confirmed =
      arrive("corp", leave("corp", Purpose::reauthenticate, alice), "a1", visitor);
  ASSERT_TRUE(confirmed);
  EXPECT_TRUE(scripted("corp").asked_again);
  EXPECT_TRUE(surface_.browsers.fresh(std::get<SignedIn>(*confirmed).browser.session));
}

TEST_P(FederationTest, WhoIsAskedByTheirAppConfirmsWithoutSigningIn) {
  const UserId alice = make_user("alice");
  link("corp", "a1", alice);
  link("corp", "b1", make_user("bob"));
  const confirm::AuthRequest asked{.operation = "POST /delete_devices",
                                   .subject = confirm::AuthRequest::Subject{alice, "alice"},
                                   .body = {},
                                   .address = "192.0.2.1"};
  const auto begun = run(surface_.auth.check(asked, {}));
  ASSERT_FALSE(begun);
  const std::string session = std::get<confirm::Challenge>(error_of(begun)).session;
  const auto check = [&] { return run(surface_.auth.check(asked, {{.session = session}})); };
  const auto leave_for = [&](const std::string& what) {
    return leave("corp", Purpose::confirm, alice, what);
  };
  const auto other = arrive("corp", leave_for(session), "b1");
  EXPECT_EQ(why(other), Refused::Why::another_person);
  EXPECT_EQ(error_of(other).purpose, Purpose::confirm);
  EXPECT_EQ(why(arrive("corp", leave_for(session), "nobody")), Refused::Why::another_person);
  EXPECT_EQ(why(arrive("corp", leave_for(session), "a1", {}, "another browser")),
            Refused::Why::way_over);
  EXPECT_EQ(why(arrive("corp", leave_for("another session"), "a1")),
            Refused::Why::confirmation_over);
  EXPECT_FALSE(check());
  const auto done = arrive("corp", leave_for(session), "a1");
  ASSERT_TRUE(done);
  EXPECT_TRUE(scripted("corp").asked_again);
  EXPECT_EQ(std::get<Confirmed>(*done).session, session);
  EXPECT_THAT(run(surface_.browsers.list(alice)), IsEmpty());
  EXPECT_TRUE(ways_in(alice).at(0).used_at);
  EXPECT_TRUE(check());
}

TEST_P(FederationTest, WhatWasConfirmedByAWayInThatIsGoneIsConfirmedNoMore) {
  const UserId alice = make_user("alice");
  link("corp", "a1", alice);
  link("other", "a2", alice);
  const auto visitor = std::get<SignedIn>(*sign_in("other", "a2")).browser.session;
  const confirm::AuthRequest asked{.operation = "POST /delete_devices",
                                   .subject = confirm::AuthRequest::Subject{alice, "alice"},
                                   .body = {},
                                   .address = "192.0.2.1"};
  for (const bool unlinked : {false, true}) {
    const auto begun = run(surface_.auth.check(asked, {}));
    ASSERT_FALSE(begun);
    const std::string session = std::get<confirm::Challenge>(error_of(begun)).session;
    EXPECT_TRUE(arrive("corp", leave("corp", Purpose::confirm, alice, session), "a1"));
    if (unlinked) {
      EXPECT_TRUE(run(federation().unlink({alice, visitor.id}, "corp", "a1", "192.0.2.1")));
    }
    EXPECT_EQ(run(surface_.auth.check(asked, {{.session = session}})).has_value(), !unlinked);
  }
}

TEST_P(FederationTest, TheLastWayInStays) {
  const UserId alice = make_user("alice");
  link("corp", "a1", alice);
  link("other", "a2", alice);
  const auto visitor = std::get<SignedIn>(*sign_in("corp", "a1")).browser.session;
  const auto unlink = [&](const char* provider, const char* subject) {
    return run(federation().unlink({alice, visitor.id}, provider, subject, "192.0.2.1"));
  };
  EXPECT_TRUE(unlink("other", "nobody"));
  EXPECT_TRUE(unlink("other", "a2"));
  const auto refused = unlink("corp", "a1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(std::get<Refused>(error_of(refused)).why, Refused::Why::last_way_in);
  EXPECT_THAT(ways_in(alice), SizeIs(1));
  server_.clock.advance(1h);
  const auto stale = unlink("corp", "a1");
  ASSERT_FALSE(stale);
  EXPECT_EQ(std::get<self::Refused>(error_of(stale)).why, self::Refused::Why::not_fresh);
}

TEST_P(FederationTest, WhoIsNamedIsLedToTheirOnlyProvider) {
  const auto only = [&](const char* user) { return run(federation().provider_at_once("", user)); };
  link("corp", "a1", make_user("alice"));
  link("corp", "b1", make_user("bob", "correct horse"));
  const UserId carol = make_user("carol");
  link("corp", "c1", carol);
  link("other", "c2", carol);
  link("gone", "d1", make_user("dave"));
  EXPECT_EQ(only("alice"), "corp");
  EXPECT_EQ(only("@alice:example.com"), "corp");
  for (const char* user : {"", "bob", "carol", "dave", "nobody", "@alice:other.example"}) {
    EXPECT_EQ(only(user), std::nullopt) << user;
  }
  // What is asked for comes first, if it is there.
  EXPECT_EQ(run(federation().provider_at_once("other", "alice")), "other");
  EXPECT_EQ(run(federation().provider_at_once("gone", "alice")), "corp");
}

TEST_P(FederationTest, WhatAFormHasBroughtWaitsForItsBrowser) {
  link("corp", "a1", make_user("alice"));
  const std::string state = leave("corp");
  const auto hold = [&](const char* provider, const std::string& of, std::string who) {
    return run(federation().hold(provider, {{"state", of}, {"who", std::move(who)}}));
  };
  EXPECT_EQ(hold("corp", state, "b1"), state);
  EXPECT_EQ(hold("corp", state, "a1"), state);
  // Who has the cookie, and nobody else.
  const auto back = [&](const std::string& browser) {
    return run(federation().arrive({.provider = "corp",
                                    .fields = {{"state", state}},
                                    .browser = browser,
                                    .cookie = {},
                                    .origin = kOrigin}));
  };
  EXPECT_EQ(why(back("another browser")), Refused::Why::way_over);
  const auto arrived = back(kBrowser);
  ASSERT_TRUE(arrived);
  EXPECT_TRUE(std::holds_alternative<SignedIn>(*arrived));
}

TEST_P(FederationTest, WhatNobodyIsOnTheirWayForIsNotKept) {
  const auto hold = [&](const char* provider, const std::string& state, std::size_t size) {
    return error_of(
               run(federation().hold(provider, {{"state", state}, {"x", std::string(size, 'x')}})))
        .why;
  };
  const std::string state = leave("corp");
  EXPECT_EQ(hold("gone", state, 1), Refused::Why::unknown_provider);
  EXPECT_EQ(hold("other", state, 1), Refused::Why::way_over);
  EXPECT_EQ(hold("corp", "no such state", 1), Refused::Why::way_over);
  EXPECT_EQ(hold("corp", state, 1'000'000), Refused::Why::way_over);
  EXPECT_TRUE(arrive("corp", state, "a1"));
  EXPECT_EQ(hold("corp", state, 1), Refused::Why::way_over);
  const std::string late = leave("corp");
  server_.clock.advance(31min);
  EXPECT_EQ(hold("corp", late, 1), Refused::Why::way_over);
}

TEST_P(FederationTest, WhatIsSaidOfSomebodyCountsOnce) {
  link("corp", "a1", make_user("alice"));
  link("other", "a2", make_user("bob"));
  std::string once = "assertion 1";
  for (const char* id : {"corp", "other"}) {
    scripted(id).who = [&](const Returned& returned) -> providers::Reply<Person> {
      Person person{.subject = std::string(providers::single(returned.fields, "who").value())};
      person.once = once;
      return person;
    };
  }
  EXPECT_TRUE(sign_in("corp", "a1"));
  EXPECT_EQ(why(sign_in("corp", "a1")), Refused::Why::not_believed);
  // Of each provider by itself.
  EXPECT_TRUE(sign_in("other", "a2"));
  once = "assertion 2";
  EXPECT_TRUE(sign_in("corp", "a1"));
}

TEST_P(FederationTest, AProviderMayHaveToKnowSomethingOfThisServer) {
  scripted("corp").document = "<xml/>";
  const auto ask = [&](const char* provider) { return run(federation().own_metadata(provider)); };
  EXPECT_EQ(ask("corp"), "<xml/>");
  EXPECT_EQ(error_of(ask("other")).why, Refused::Why::unknown_provider);
  EXPECT_EQ(error_of(ask("gone")).why, Refused::Why::unknown_provider);
}

TEST_P(FederationTest, AProviderThatHangsKeepsNobodyFromAnother) {
  link("other", "a2", make_user("alice"));
  std::promise<void> released;
  std::atomic<bool> gave_up = false;
  scripted("corp").who =
      [&, end = released.get_future().share()](const Returned&) -> providers::Reply<Person> {
    if (end.wait_for(1min) == std::future_status::timeout) gave_up = true;
    return std::unexpected(
        Failure{.why = Failure::Why::unavailable, .reason = "timed_out", .sentence = "slow"});
  };
  boost::asio::io_context context;
  const auto begin = [&](const char* provider, const char* who, auto then) {
    boost::asio::co_spawn(context, federation().arrive(coming(provider, leave(provider), who)),
                          [then](const std::exception_ptr& fault, const Result& result) {
                            EXPECT_FALSE(fault);
                            then(result);
                          });
  };
  int refused = 0;
  for (int i = 0; i < 10; ++i) {  // more than there are threads for it
    begin("corp", "a1",
          [&](const Result& result) { refused += why(result) == Refused::Why::unavailable; });
  }
  bool signed_in = false;
  begin("other", "a2", [&](const Result& result) {
    signed_in = result.has_value() && refused == 0;
    released.set_value();
  });
  context.run();
  EXPECT_TRUE(signed_in);
  EXPECT_FALSE(gave_up);
  EXPECT_EQ(refused, 10);
}

TEST_P(FederationTest, ANameIsTakenOverAgainWhereThatIsSaid) {
  const UserId alice = make_user("alice");
  link("corp", "a1", alice);
  link("other", "a2", alice);
  const auto shown = [&] {
    return server_.db().read_now(
        [&](db::Tx& tx) { return accounts::find_display_name(tx, alice); });
  };
  claims_ = {{"display", "Alice A."}};
  EXPECT_TRUE(sign_in("corp", "a1"));
  EXPECT_EQ(shown(), "");
  EXPECT_TRUE(sign_in("other", "a2"));
  EXPECT_EQ(shown(), "Alice A.");
  // Without what nobody sees, turns the direction of writing, or no database keeps.
  using namespace std::string_literals;
  claims_ = {{"display", "Ali\0ce\r\n\u202e B.\x1b[2J"s}};
  EXPECT_TRUE(sign_in("other", "a2"));
  EXPECT_EQ(shown(), "Alice B.[2J");
}

TEST_P(FederationTest, LinksAreInTheAudit) {
  const UserId alice = make_user("alice", "correct horse");
  link("corp", "a1", alice);
  const auto visitor = std::get<SignedIn>(*sign_in("corp", "a1")).browser.session;
  server_.clock.advance(1s);
  EXPECT_TRUE(arrive("other", leave("other", Purpose::link, alice), "a2", visitor));
  server_.clock.advance(1s);
  EXPECT_TRUE(run(federation().unlink({alice, visitor.id}, "other", "a2", "192.0.2.9")));
  const auto entries = server_.db().read_now(
      [](db::Tx& tx) { return accounts::audit::list(tx, "@alice:example.com", 2); });
  ASSERT_THAT(entries, SizeIs(2));
  EXPECT_EQ(entries[0].action, "user unlink");
  EXPECT_EQ(entries[0].by.address, "192.0.2.9");
  EXPECT_EQ(entries[0].detail, "other a2");
  EXPECT_EQ(entries[1].action, "user link");
  EXPECT_EQ(entries[1].by.name, "@alice:example.com");
}

TEST_P(FederationTest, AnErasedPersonIsKnownToNoProviderAndADeactivatedOneIsTold) {
  const UserId alice = make_user("alice");
  link("other", "a1", alice);
  ASSERT_TRUE(administration_.deactivate(accounts::testing::kOperator, "alice", false));
  EXPECT_EQ(why(sign_in("other", "a1")), Refused::Why::deactivated);
  ASSERT_TRUE(administration_.deactivate(accounts::testing::kOperator, "alice", true));
  EXPECT_THAT(ways_in(alice), IsEmpty());
  EXPECT_EQ(why(sign_in("other", "a1")), Refused::Why::no_account);
}

TEST_P(FederationTest, AnUnknownProviderIsRefused) {
  const auto left = run(federation().leave(
      {.provider = "nobody", .next = "/", .browser = kBrowser, .address = "192.0.2.1"}));
  ASSERT_FALSE(left);
  EXPECT_EQ(error_of(left).why, Refused::Why::unknown_provider);
}

TEST_P(FederationTest, PurgeTakesWhatIsOver) {
  leave("corp");
  server_.clock.advance(31min);
  federation().purge();
  EXPECT_EQ(server_.db().read_now([](db::Tx& tx) {
    return std::get<0>(tx.one<std::int64_t>("SELECT COUNT(*) FROM provider_attempts").value());
  }),
            0);
}

}  // namespace
}  // namespace latchkey::federation

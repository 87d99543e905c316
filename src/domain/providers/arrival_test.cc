#include "domain/providers/arrival.h"

#include <gtest/gtest.h>

#include "domain/providers/sign_out_there.h"

namespace latchkey::providers {
namespace {

constexpr UserId kAlice{1};
constexpr UserId kBob{2};
constexpr Standing kGood{.id = kAlice};
constexpr Standing kLocked{.id = kAlice, .locked = true};
constexpr Standing kGone{.id = kAlice, .locked = true, .deactivated = true};

struct Row {
  const char* what;
  Arrival arrival;
  Course course;
};

constexpr Row kRows[] = {
    {"a known subject signs in", {.linked = kGood}, Course::sign_in},
    {"whatever has its name", {.linked = kGood, .namesake = Standing{kBob}}, Course::sign_in},
    {"but not to a locked account", {.linked = kLocked}, Course::locked},
    {"nor to a deactivated one, which makes no new one either",
     {.linked = kGone, .registration = true},
     Course::deactivated},

    {"a newcomer makes an account", {.registration = true}, Course::choose_name},
    {"where that is allowed", {}, Course::no_account},

    {"a namesake is proved", {.namesake = kGood}, Course::prove_account},
    {"also where accounts may be made",
     {.namesake = kGood, .registration = true},
     Course::prove_account},
    {"a locked one too: its password tells nothing yet",
     {.namesake = kLocked},
     Course::prove_account},
    {"nobody proves a deactivated one", {.namesake = kGone}, Course::name_taken},
    {"or it is refused",
     {.namesake = kGood, .on_conflict = OnConflict::refuse},
     Course::name_taken},
    {"or the provider is believed",
     {.namesake = kGood, .on_conflict = OnConflict::link},
     Course::link_and_sign_in},
    {"but lets nobody into a locked account",
     {.namesake = kLocked, .on_conflict = OnConflict::link},
     Course::locked},
    {"nor into a deactivated one",
     {.namesake = kGone, .on_conflict = OnConflict::link},
     Course::deactivated},

    {"a visitor links a free subject", {.purpose = Purpose::link, .visitor = kAlice}, Course::link},
    {"whoever has its name",
     {.purpose = Purpose::link, .visitor = kAlice, .namesake = Standing{kBob}},
     Course::link},
    {"once",
     {.purpose = Purpose::link, .visitor = kAlice, .linked = kGood},
     Course::already_linked},
    {"a link never moves",
     {.purpose = Purpose::link, .visitor = kBob, .linked = kGood},
     Course::linked_elsewhere},

    {"the visitor confirms",
     {.purpose = Purpose::reauthenticate, .visitor = kAlice, .linked = kGood},
     Course::confirmed},
    {"somebody else does not",
     {.purpose = Purpose::reauthenticate, .visitor = kBob, .linked = kGood},
     Course::another_person},
    {"nor does a stranger",
     {.purpose = Purpose::reauthenticate, .visitor = kAlice, .registration = true},
     Course::another_person},
    {"nor a namesake of a trusted provider",
     {.purpose = Purpose::reauthenticate,
      .visitor = kAlice,
      .namesake = kGood,
      .on_conflict = OnConflict::link},
     Course::another_person},
    {"who is asked by their app confirms",
     {.purpose = Purpose::confirm, .visitor = kAlice, .linked = kGood},
     Course::confirmed},
    {"for their own account",
     {.purpose = Purpose::confirm, .visitor = kBob, .linked = kGood},
     Course::another_person},
    {"and only who is known",
     {.purpose = Purpose::confirm, .visitor = kAlice, .registration = true},
     Course::another_person},
    {"a namesake confirms nothing for an app either",
     {.purpose = Purpose::confirm,
      .visitor = kAlice,
      .namesake = kGood,
      .on_conflict = OnConflict::link},
     Course::another_person},
    {"nor is there anything to confirm for a locked account",
     {.purpose = Purpose::confirm, .visitor = kAlice, .linked = kLocked},
     Course::locked},
    {"or a deactivated one",
     {.purpose = Purpose::confirm, .visitor = kAlice, .linked = kGone},
     Course::deactivated},

    {"nobody comes back signed in who went to sign out",
     {.purpose = Purpose::sign_out, .visitor = kAlice, .linked = kGood, .registration = true},
     Course::no_account},
    {"a purpose without a visitor is good for nothing",
     {.purpose = Purpose::reauthenticate, .linked = kGood},
     Course::another_person},
};

TEST(SignOut, Courses) {
  using enum SignOutThere;
  using Course = SignOutCourse;
  struct {
    SignOutThere configured;
    bool wanted, on_their_way;
    Course course;
  } constexpr rows[] = {
      {never, false, false, Course::here},  {never, true, false, Course::here},
      {never, true, true, Course::here},    {offer, false, false, Course::offer},
      {offer, true, false, Course::there},  {offer, false, true, Course::here},
      {offer, true, true, Course::there},   {always, false, false, Course::there},
      {always, false, true, Course::there}, {always, true, true, Course::there},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(course_of_sign_out(row.configured, row.wanted, row.on_their_way), row.course)
        << static_cast<int>(row.configured) << row.wanted << row.on_their_way;
  }
}

TEST(Arrival, Courses) {
  for (const Row& row : kRows) EXPECT_EQ(course_of(row.arrival), row.course) << row.what;
}

}  // namespace
}  // namespace latchkey::providers

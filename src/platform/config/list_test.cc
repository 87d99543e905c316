#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/config/config.h"
#include "platform/error_testing.h"

// Lists of groups whose entries have options that follow from one of theirs.
namespace latchkey::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

enum class Shape { round, square };

struct Thing {
  std::string id;
  Shape shape = Shape::round;
  int radius = 1;
  int side = 2;
  Secret key = {};

  static std::vector<Thing> kinds() { return {{}, {.id = {}, .shape = Shape::square}}; }

  template <class Visitor>
  void options(Visitor& visit) {
    visit("id", id, "Its name.", required, Example{"a"});
    visit("shape", shape, "Round | square.", chooses,
          Choices<Shape>{{"round", Shape::round}, {"square", Shape::square}});
    visit("key", key, "Its key.");
    if (shape == Shape::round) visit("radius", radius, "How wide.", Between{1, 9});
    if (shape == Shape::square) visit("side", side, "How long.", Between{1, 9});
  }
  std::vector<std::string> problems() const {
    if (id == "none") return {"id: must not be 'none'"};
    return {};
  }
};

struct Things {
  std::vector<Thing> things;
  int last = 0;

  template <class Visitor>
  void options(Visitor& visit) {
    visit.list("things", things, "What there is.");
    visit("last", last, "The last.");
  }
};

Errors errors_of(const std::string& yaml) {
  Things things;
  const auto loaded = load(yaml, "/", things);
  return loaded ? Errors{} : error_of(loaded);
}

TEST(List, EachEntryHasTheOptionsOfItsKind) {
  Things things;
  const auto loaded = load(R"(
things:
  - {id: a, radius: 3}
  - side: 4
    shape: square
    id: b
last: 7
)",
                           "/", things);
  ASSERT_TRUE(loaded) << testing::PrintToString(error_of(loaded));
  ASSERT_EQ(things.things.size(), 2U);
  EXPECT_EQ(things.things[0].radius, 3);
  EXPECT_EQ(things.things[1].shape, Shape::square);
  EXPECT_EQ(things.things[1].side, 4);
  EXPECT_EQ(things.last, 7);
  EXPECT_EQ(loaded->at("things[1].id"), 6);
}

TEST(List, NoneIsEmpty) {
  Things things{.things = {{.id = "default"}}};
  ASSERT_TRUE(load("things: []", "/", things));
  EXPECT_TRUE(things.things.empty());
}

TEST(List, WhatIsWrongIsSaidOfTheEntry) {
  EXPECT_THAT(errors_of("things: {id: a}"),
              ElementsAre("line 1: things: expected a list, each entry as '- name: value'"));
  EXPECT_THAT(errors_of("things: [a]"),
              ElementsAre("line 1: things[0]: expected options, each as 'name: value'"));
  EXPECT_THAT(errors_of("things:\n- shape: square"),
              ElementsAre("things[0].id: is required, try 'id: a'"));
  EXPECT_THAT(errors_of("things:\n- {id: a}\n- {id: b, shape: oval}"),
              ElementsAre(HasSubstr("line 3: things[1].shape: 'oval'")));
  EXPECT_THAT(errors_of("things:\n- {id: a, side: 3}"),
              ElementsAre(HasSubstr("line 2: things[0].side: there is no such option")));
  EXPECT_THAT(errors_of("things:\n- {id: a, radius: 10}"),
              ElementsAre(HasSubstr("line 2: things[0].radius: ")));
  EXPECT_THAT(errors_of("things:\n- {id: none}"),
              ElementsAre("line 2: things[0].id: must not be 'none'"));
}

TEST(List, DifferencesAreSaidOfTheEntry) {
  const Things before{.things = {{.id = "a"}, {.id = "b"}}};
  EXPECT_TRUE(differences(before, before).empty());
  Things after = before;
  after.things[0].radius = 5;
  EXPECT_THAT(differences(before, after), ElementsAre("things[0].radius"));
  after = before;
  after.things.pop_back();
  EXPECT_THAT(differences(before, after),
              ElementsAre("things[1].id", "things[1].key", "things[1].radius", "things[1].shape"));
  EXPECT_THAT(differences(after, before),
              ElementsAre("things[1].id", "things[1].shape", "things[1].key", "things[1].radius"));
}

TEST(List, TheExampleShowsEachKindAsAComment) {
  EXPECT_EQ(example<Things>(), R"(# What there is.
# things:
#   -
#     # Its name. A text.
#     id: a
#     # Round | square. One of round, square.
#     shape: round
#     # Its key. A secret.
#     # key: …
#     # key_env: KEY
#     # key_file: key
#     # How wide. A whole number, 1 to 9.
#     radius: 1
#   -
#     # Round | square. One of round, square.
#     shape: square
#     # How long. A whole number, 1 to 9.
#     side: 2

# The last. A whole number.
last: 0
)");
}

TEST(List, TheReferenceHasATableForWhatEachKindAdds) {
  const std::string text = reference<Things>();
  EXPECT_THAT(text, HasSubstr("## things\n\nWhat there is.\n"));
  EXPECT_THAT(text, HasSubstr("| `radius` |"));
  EXPECT_THAT(text, Not(HasSubstr("Also, with `shape: round`")));
  EXPECT_THAT(text, HasSubstr("Also, with `shape: square`:\n\n| Option |"));
}

}  // namespace
}  // namespace latchkey::config

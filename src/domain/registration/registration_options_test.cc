// Names that nobody can register, as a table.
#include "domain/registration/registration_options.h"

#include <gtest/gtest.h>

namespace latchkey::registration {
namespace {

struct Case {
  std::string_view pattern;
  std::string_view name;
  bool reserved;
};

constexpr Case kCases[] = {
    {"admin", "admin", true},  {"admin", "admin2", false}, {"admin", "the-admin", false},
    {"admin", "ADMIN", false},  // which is no localpart anyway
    {"_*", "_irc", true},      {"_*", "_", true},          {"_*", "a_", false},
    {"*bot", "bot", true},     {"*bot", "my/bot", true},  // a slash is a character like any other
    {"*bot", ".bot", true},                               // and so is a dot at the front
    {"*bot", "bots", false},   {"team-?", "team-a", true}, {"team-?", "team-ab", false},
    {"[a-c]x", "bx", true},    {"[a-c]x", "dx", false},    {"*", "anything", true},
    {"", "anything", false},
};

TEST(ReservedNames, ArePatterns) {
  for (const Case& one : kCases) {
    EXPECT_EQ(reserved(one.name, {std::string(one.pattern)}), one.reserved)
        << one.pattern << " for " << one.name;
  }
}

TEST(ReservedNames, OneOfManyIsEnough) {
  EXPECT_TRUE(reserved("root", {"admin", "root"}));
  EXPECT_FALSE(reserved("alice", {"admin", "root"}));
  EXPECT_FALSE(reserved("alice", {}));
}

// What somebody could be taken in by is reserved unless the operator says otherwise.
TEST(ReservedNames, ByDefault) {
  const RegistrationOptions options;
  EXPECT_FALSE(options.open);
  for (const char* name : {"admin", "administrator", "root", "support", "abuse", "postmaster",
                           "hostmaster", "webmaster", "security", "system", "_bridge"}) {
    EXPECT_TRUE(reserved(name, options.reserved_names)) << name;
  }
  for (const char* name : {"alice", "adminalice", "rooted", "a_b"}) {
    EXPECT_FALSE(reserved(name, options.reserved_names)) << name;
  }
}

}  // namespace
}  // namespace latchkey::registration

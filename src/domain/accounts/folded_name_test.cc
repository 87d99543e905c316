#include "domain/accounts/folded_name.h"

#include <gtest/gtest.h>

namespace latchkey::accounts {
namespace {

TEST(FoldedName, IsOneHoweverANameIsSpelled) {
  for (const char* name : {"alice", "Alice", " ALICE ", "ａｌｉｃｅ", "a l i c e", "ali\u00adce"}) {
    EXPECT_EQ(folded_name(name), "alice") << name;
  }
  EXPECT_EQ(folded_name("STRAẞE"), folded_name("strasse"));
  EXPECT_EQ(folded_name("Mu\u0308ller"), folded_name("müller"));
  EXPECT_NE(folded_name("müller"), folded_name("muller"));
  EXPECT_EQ(folded_name("\xff"), "\xff");
  EXPECT_EQ(folded_name(""), "");
}

}  // namespace
}  // namespace latchkey::accounts

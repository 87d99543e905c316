#include "platform/db/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace latchkey::db {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::Optional;

TEST(Url, FilesOfSqlite) {
  EXPECT_EQ(sqlite_file_of("sqlite:///var/lib/a.db"), "/var/lib/a.db");
  EXPECT_EQ(sqlite_file_of("sqlite:a.db"), "a.db");
  for (const char* other : {"", "sqlite:", "sqlite://", "sqlite:///", "sqlite:/a.db", "a.db",
                            "sqlite://a.db", "postgresql://localhost/a"}) {
    EXPECT_EQ(sqlite_file_of(other), std::nullopt) << other;
  }
}

TEST(Url, WhatToWriteInstead) {
  struct Row {
    const char* url;
    const char* instead;
  };
  for (const auto& [url, instead] : std::initializer_list<Row>{
           {"/path/x.db", "try 'sqlite:///path/x.db'"},
           {"x.db", "try 'sqlite:x.db'"},
           {"sqlite:/path/x.db", "try 'sqlite:///path/x.db'"},
           {"sqlite://path/x.db", "try 'sqlite:path/x.db'"},
           {"mysql://localhost/x", "try 'sqlite:///var/lib/latchkey/latchkey.db'"}}) {
    EXPECT_THAT(problem_of_url(url), Optional(HasSubstr(instead))) << url;
    EXPECT_THAT(problem_of_url(url), Optional(HasSubstr(url))) << url;
  }
  for (const char* good : {"sqlite:x.db", "sqlite:///x.db", "postgresql://localhost/x",
                           "postgres://u:p@a,b/x?sslmode=require", "postgresql://a:5432,b:5433/x",
                           "postgresql://a:5432,b/x"}) {
    EXPECT_EQ(problem_of_url(good), std::nullopt) << good;
  }
}

TEST(Url, APasswordIsNeverShown) {
  for (const char* url :
       {"postgresql://u:hunter2@[::1/x", "postgresql://u:hunter2%zz@localhost/x",
        "mysql://u:hunter2@localhost/x", "postgresql:/u:hunter2@localhost/x",
        "postgresql://u:hunter2/x@localhost/x", "postgresql://u:hunter2@localhost:70000/x",
        "postgresql://u:hunter2@localhost:0/x"}) {
    const auto problem = problem_of_url(url);
    ASSERT_TRUE(problem) << url;
    EXPECT_THAT(*problem, Not(HasSubstr("hunter2"))) << url;
  }
}

}  // namespace
}  // namespace latchkey::db

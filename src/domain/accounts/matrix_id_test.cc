#include "domain/accounts/matrix_id.h"

#include <gtest/gtest.h>

namespace latchkey::accounts {
namespace {

constexpr std::string_view kServer = "example.com";

TEST(MatrixId, LocalpartsOfNewUsers) {
  for (const std::string_view good : {"alice", "a", "0", "a.b_c=d-e/f+g", "_", "=40", "42"}) {
    EXPECT_TRUE(valid_localpart(good, kServer)) << good;
  }
  for (const std::string_view bad : {"", "Alice", "alice:example.com", "@alice", "al ice", "älice",
                                     "alice\n", "alice!", "\xff", "a\\b", "a%b"}) {
    EXPECT_FALSE(valid_localpart(bad, kServer)) << bad;
  }
  EXPECT_FALSE(valid_localpart(std::string_view("a\0b", 3), kServer));
}

TEST(MatrixId, LocalpartsOfServicesUsers) {
  for (const std::string_view good : {"alice", "irc_Nick", "irc_nick[m]", "irc_a|b", "irc_^_`{}~",
                                      R"(irc_\o)", "Zk3", "a@b", "a!b", "#", "%41", "\"<&>'"}) {
    EXPECT_TRUE(valid_historical_localpart(good, kServer)) << good;
    EXPECT_EQ(exact_localpart(good, kServer), good);
    EXPECT_EQ(exact_localpart(matrix_id(good, kServer), kServer), good);
  }
  for (const std::string_view bad :
       {"", "a:b", "a b", "a\tb", "a\n", "\x7f", "nick\xc3\xa4", "\xff"}) {
    EXPECT_FALSE(valid_historical_localpart(bad, kServer)) << bad;
    EXPECT_EQ(exact_localpart(bad, kServer), std::nullopt) << bad;
  }
  for (const std::string_view other :
       {"@A:other.example", "@A", "@:example.com", "@A:EXAMPLE.com"}) {
    EXPECT_EQ(exact_localpart(other, kServer), std::nullopt) << other;
  }
}

TEST(MatrixId, IsAtMost255BytesLong) {
  const std::string longest(255 - 2 - kServer.size(), 'a');
  EXPECT_TRUE(valid_localpart(longest, kServer));
  EXPECT_EQ(matrix_id(longest, kServer).size(), 255U);
  EXPECT_FALSE(valid_localpart(longest + "a", kServer));
  EXPECT_TRUE(valid_historical_localpart(longest, kServer));
  EXPECT_FALSE(valid_historical_localpart(longest + "a", kServer));
}

TEST(MatrixId, IsWrittenWithItsServer) {
  EXPECT_EQ(matrix_id("alice", kServer), "@alice:example.com");
}

TEST(MatrixId, WhatAPersonMeansWhoTypes) {
  const std::pair<std::string_view, std::optional<std::string>> rows[] = {
      {"alice", "alice"},
      {"Alice", "alice"},
      {"@alice:example.com", "alice"},
      {"@ALICE:example.com", "alice"},
      {"@alice:other.example", std::nullopt},
      {"@alice:example.com:8448", std::nullopt},
      {"@alice:EXAMPLE.com", std::nullopt},
      {"@alice", std::nullopt},
      {"@:example.com", std::nullopt},
      {"@", std::nullopt},
      {"", std::nullopt},
      {"alice:example.com", std::nullopt},
      {"alice@example.com", std::nullopt},
      {" alice", std::nullopt},
      {"ÄLICE", std::nullopt},
  };
  for (const auto& [typed, meant] : rows) {
    EXPECT_EQ(localpart_meant(typed, kServer), meant) << typed;
  }
}

TEST(MatrixId, WhatAPersonMeansWhoChoosesAName) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"alice", "alice"}, {"Alice", "alice"},   {"ALICE.B-2 ", "alice.b-2"},  {" alice\n", "alice"},
      {"\u00a0", ""},     {"al ice", "al ice"}, {"\u00c4lice", "\u00c4lice"},
  };
  for (const auto& [typed, meant] : rows) EXPECT_EQ(new_localpart_meant(typed), meant) << typed;
}

TEST(MatrixId, ServerNames) {
  for (const std::string_view good :
       {"example.com", "localhost:8448", "192.0.2.1", "[2001:db8::1]:8448", "Example.COM"}) {
    EXPECT_TRUE(valid_server_name(good)) << good;
  }
  for (const std::string_view bad : {"", "exa mple", "example.com/", "user@example.com", "ex\n"}) {
    EXPECT_FALSE(valid_server_name(bad)) << bad;
  }
  EXPECT_FALSE(valid_server_name(std::string(231, 'a')));
}

TEST(MatrixId, TheHostOfAServerNameIsWithoutItsPort) {
  EXPECT_EQ(host_of_server_name("example.com"), "example.com");
  EXPECT_EQ(host_of_server_name("example.com:8448"), "example.com");
  EXPECT_EQ(host_of_server_name("192.0.2.1:8448"), "192.0.2.1");
  EXPECT_EQ(host_of_server_name("[2001:db8::1]"), "[2001:db8::1]");
  EXPECT_EQ(host_of_server_name("[2001:db8::1]:8448"), "[2001:db8::1]");
}

}  // namespace
}  // namespace latchkey::accounts

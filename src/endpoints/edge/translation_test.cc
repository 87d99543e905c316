// What a homeserver reads of a request whose token was one of ours. Each row that keeps an identity
// of the client's own would let it be anybody.
#include "endpoints/edge/translation.h"

#include <gtest/gtest.h>

namespace latchkey::edge {
namespace {

constexpr std::string_view kAlice = "user_id=%40alice%3Aexample.com&device_id=PHONE%2F1";

std::string translated(std::string_view query, const std::string& device = "PHONE/1") {
  sessions::Identity alice;
  alice.localpart = "alice";
  alice.device_id = device;
  const auto result = query_in_the_name_of(alice, "example.com", query);
  return result ? *result : "unclear";
}

TEST(Translation, NamesTheUserAndTheDevice) {
  EXPECT_EQ(translated(""), kAlice);
  EXPECT_EQ(translated("since=s1%2F2&filter=%7B%7D&set_presence"),
            "since=s1%2F2&filter=%7B%7D&set_presence&" + std::string(kAlice));
  EXPECT_EQ(translated("a=1", ""), "a=1&user_id=%40alice%3Aexample.com");
}

TEST(Translation, KeepsNoIdentityOfTheClients) {
  for (const std::string_view query :
       {"user_id=@bob:example.com", "user_id=a&user_id=b", "user%5Fid=@bob:example.com",
        "%75ser_id=x&device_id=y", "org.matrix.msc3202.device_id=y", "access_token=lka_x",
        "org.matrix.msc4326.device%5fid=y", "user_id", "&&user_id=b&", ";user_id=b;device_id=c"}) {
    EXPECT_EQ(translated(query), kAlice) << query;
  }
  EXPECT_EQ(translated("a=1;user_id=@bob:example.com"), "a=1&" + std::string(kAlice));
  EXPECT_EQ(translated("a=user_id=b&my_user_id=c"),
            "a=user_id=b&my_user_id=c&" + std::string(kAlice));
}

TEST(Translation, GuessesNothing) {
  for (const std::string_view query : {"a=1#&user_id=b", "user%_id=b", "%=x", "%ff=x"}) {
    EXPECT_EQ(translated(query), "unclear") << query;
  }
}

}  // namespace
}  // namespace latchkey::edge

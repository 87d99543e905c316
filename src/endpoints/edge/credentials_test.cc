// Which token a forwarded request carries, as Latchkey and the homeserver both read it. Every row
// that is ambiguous here would be a way past the edge if it were guessed.
#include "endpoints/edge/credentials.h"

#include <gtest/gtest.h>

#include <vector>

namespace latchkey::edge {
namespace {

using Found = Credentials::Found;
using Headers = std::vector<http::Header>;

http::Request request(const Headers& headers, std::string_view target) {
  http::Request request;
  request.method = http::Method::get;
  request.target = target;
  request.headers = headers;
  return request;
}

struct Row {
  const char* name;
  Headers headers;
  Found found;
  std::string_view token = {};
  bool at_once = false;  // plain_token() finds it too
  std::string_view target = "/edge/check";
};

void expect_all(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const http::Request asked = request(row.headers, row.target);
    const Credentials credentials = read_credentials(asked);
    EXPECT_EQ(credentials.found, row.found) << row.name;
    EXPECT_EQ(credentials.token, row.token) << row.name;
    EXPECT_EQ(plain_token(asked), row.at_once ? row.token : std::string_view{}) << row.name;
  }
}

TEST(Credentials, OfTheHeader) {
  expect_all({
      {"none", {}, Found::none},
      {"a bearer token", {{"Authorization", "Bearer lka_x"}}, Found::token, "lka_x", true},
      {"the field's name in any case",
       {{"aUTHORIZATION", "Bearer lka_x"}},
       Found::token,
       "lka_x",
       true},
      {"a homeserver's token", {{"Authorization", "Bearer syt_x"}}, Found::token, "syt_x", true},
      {"another scheme", {{"Authorization", "Basic eDp5"}}, Found::none},
      {"a signature", {{"Authorization", "X-Matrix origin=example.com"}}, Found::none},
      {"empty", {{"Authorization", ""}}, Found::none},
      {"twice", {{"Authorization", "Bearer a"}, {"Authorization", "Bearer b"}}, Found::ambiguous},
      {"twice the same",
       {{"Authorization", "Bearer a"}, {"authorization", "Bearer a"}},
       Found::ambiguous},
      {"with another scheme first",
       {{"Authorization", "Basic eDp5"}, {"Authorization", "Bearer a"}},
       Found::ambiguous},
      {"an empty one before it",
       {{"Authorization", ""}, {"Authorization", "Bearer a"}},
       Found::ambiguous},
      {"the scheme in another case", {{"Authorization", "bearer a"}}, Found::ambiguous},
      {"in capitals", {{"Authorization", "BEARER a"}}, Found::ambiguous},
      {"the scheme alone", {{"Authorization", "Bearer"}}, Found::ambiguous},
      {"the scheme and a space", {{"Authorization", "Bearer "}}, Found::ambiguous},
      {"two spaces", {{"Authorization", "Bearer  a"}}, Found::ambiguous},
      {"a tab", {{"Authorization", "Bearer\ta"}}, Found::ambiguous},
      {"two tokens", {{"Authorization", "Bearer a b"}}, Found::ambiguous},
      {"a list", {{"Authorization", "Bearer a, Bearer b"}}, Found::ambiguous},
      {"a comma alone", {{"Authorization", "Bearer a,b"}}, Found::token, "a,b", true},
      {"ours and a comma", {{"Authorization", "Bearer lka_a,b"}}, Found::ambiguous},
      {"ours and another sign", {{"Authorization", "Bearer lka_a;b"}}, Found::ambiguous},
      {"ours in quotes", {{"Authorization", "Bearer lka_a\""}}, Found::ambiguous},
      {"ours and an equals sign", {{"Authorization", "Bearer lka_a="}}, Found::ambiguous},
      {"what is not ASCII", {{"Authorization", "Bearer syt_\xc3\xa4"}}, Found::ambiguous},
      {"ours and what is not ASCII", {{"Authorization", "Bearer lka_a\xa0"}}, Found::ambiguous},
      {"a control character", {{"Authorization", "Bearer a\x01"}}, Found::ambiguous},
      {"a list without a space", {{"Authorization", "Bearer a,Bearer b"}}, Found::ambiguous},
      {"a service's, of any signs",
       {{"Authorization", "Bearer !$%&*:@=;"}},
       Found::token,
       "!$%&*:@=;",
       true},
      {"glued", {{"Authorization", "Bearera"}}, Found::ambiguous},
  });
}

TEST(Credentials, OfTheQuery) {
  const auto uri = [](const char* name, const char* value, Found found,
                      std::string_view token = {}) {
    return Row{name, {{"X-Forwarded-Uri", value}}, found, token};
  };
  expect_all({
      uri("no query", "/sync", Found::none),
      uri("an empty one", "/sync?", Found::none),
      uri("other fields", "/sync?since=s1&timeout=0", Found::none),
      uri("a token", "/sync?access_token=a", Found::token, "a"),
      uri("among others", "/sync?since=s1&access_token=a&timeout=0", Found::token, "a"),
      uri("an encoded name", "/sync?access%5Ftoken=a", Found::token, "a"),
      uri("encoded in lower case", "/sync?access%5ftoken=a", Found::token, "a"),
      uri("all encoded", "/sync?%61%63%63%65%73%73%5F%74%6F%6B%65%6E=a", Found::token, "a"),
      uri("an encoded value", "/sync?access_token=lka%5Fx", Found::token, "lka_x"),
      uri("a plus is a space", "/sync?access_token=a+b", Found::token, "a b"),
      uri("a plus in the name is none of it", "/sync?access+token=a", Found::none),
      uri("another case is another name", "/sync?Access_Token=a", Found::none),
      uri("a longer name", "/sync?my_access_token=a", Found::none),
      uri("an empty token", "/sync?access_token=", Found::token, ""),
      uri("without a value", "/sync?access_token", Found::token, ""),
      uri("a second question mark is of the value", "/sync?access_token=a?b", Found::token, "a?b"),
      uri("only in the path", "/access_token=a", Found::none),
      uri("encoded in the path", "/a%3Faccess_token=a", Found::none),
      uri("twice", "/sync?access_token=a&access_token=b", Found::ambiguous),
      uri("twice the same", "/sync?access_token=a&access_token=a", Found::ambiguous),
      uri("twice, once encoded", "/sync?access_token=a&access%5Ftoken=b", Found::ambiguous),
      uri("a semicolon may divide fields", "/sync?a=1;access_token=a", Found::ambiguous),
      uri("a fragment may hide it", "/sync?a=1#&access_token=a", Found::ambiguous),
      uri("and may end it", "/sync?access_token=a#b", Found::ambiguous),
      uri("badly encoded", "/sync?access_token=%zz", Found::ambiguous),
      uri("cut off", "/sync?access_token=a%4", Found::ambiguous),
      uri("badly encoded elsewhere", "/sync?a=%zz&access_token=a", Found::ambiguous),
      uri("not UTF-8", "/sync?access_token=%ff", Found::ambiguous),
      uri("a NUL", "/sync?access_token=a%00", Found::ambiguous),
      uri("a semicolon where no token can be", "/sync?a=1;b=2", Found::none),
  });
}

TEST(Credentials, OfTheHeaderBesideOrdinaryQueries) {
  expect_all({
      {"nothing to decode",
       {{"Authorization", "Bearer a"}, {"X-Original-URI", "/sync?since=s1&timeout=0"}},
       Found::token,
       "a",
       true},
      {"something to decode",
       {{"Authorization", "Bearer a"}, {"X-Original-URI", "/sync?filter=%7B%7D"}},
       Found::token,
       "a"},
      {"both uri headers",
       {{"Authorization", "Bearer a"}, {"X-Original-URI", "/a"}, {"X-Forwarded-Uri", "/b?c=d"}},
       Found::token,
       "a",
       true},
      {"the same uri header twice, the first without a query",
       {{"Authorization", "Bearer a"}, {"X-Original-URI", "/a"}, {"X-Original-URI", "/b"}},
       Found::ambiguous},
      {"a token in the query too",
       {{"Authorization", "Bearer a"}, {"X-Original-URI", "/sync?access_token=b"}},
       Found::ambiguous},
      {"the same token in the query too",
       {{"Authorization", "Bearer a"}, {"X-Original-URI", "/sync?access_token=a"}},
       Found::ambiguous},
      {"an empty one in the query too",
       {{"Authorization", "Bearer a"}, {"X-Original-URI", "/sync?access_token="}},
       Found::ambiguous},
      {"an encoded one in the query too",
       {{"Authorization", "Bearer a"}, {"X-Original-URI", "/sync?access%5Ftoken=b"}},
       Found::ambiguous},
      {"another scheme and a token in the query",
       {{"Authorization", "Basic eDp5"}, {"X-Original-URI", "/sync?access_token=b"}},
       Found::token,
       "b"},
  });
}

TEST(Credentials, OfThePathItself) {
  const std::string_view sync = "/edge/check/_matrix/client/v3/sync";
  const std::string_view with_a = "/edge/check/sync?since=s1&access_token=a";
  expect_all({
      {"none", {}, Found::none, {}, false, sync},
      {"a header", {{"Authorization", "Bearer a"}}, Found::token, "a", true, sync},
      {"one", {}, Found::token, "a", false, with_a},
      {"an encoded one", {}, Found::token, "a", false, "/edge/check/sync?access%5Ftoken=a"},
      {"two", {}, Found::ambiguous, {}, false, "/edge/check/?access_token=a&access_token=b"},
      {"and a header", {{"Authorization", "Bearer a"}}, Found::ambiguous, {}, false, with_a},
      {"and another in a header that names the request",
       {{"X-Original-URI", "/sync?access_token=b"}},
       Found::ambiguous,
       {},
       false,
       with_a},
      {"and three that say the same",
       {{"X-Forwarded-Uri", "/sync?access_token=a"}, {"X-Original-URI", "/sync?access_token=a"}},
       Found::token,
       "a",
       false,
       with_a},
      {"of the question, which proxies leave there",
       {{"X-Forwarded-Uri", "/sync"}},
       Found::none,
       {},
       false,
       "/edge/check?access_token=a"},
  });
}

TEST(Credentials, OfBothUriHeaders) {
  expect_all({
      {"the same",
       {{"X-Forwarded-Uri", "/a?access_token=a"}, {"X-Original-URI", "/a?access_token=a"}},
       Found::token,
       "a"},
      {"one alone",
       {{"X-Forwarded-Uri", "/a"}, {"X-Original-URI", "/a?access_token=a"}},
       Found::token,
       "a"},
      {"different ones",
       {{"X-Forwarded-Uri", "/a?access_token=a"}, {"X-Original-URI", "/a?access_token=b"}},
       Found::ambiguous},
      {"one of them twice",
       {{"X-Forwarded-Uri", "/a?access_token=a"}, {"X-Forwarded-Uri", "/a?access_token=a"}},
       Found::ambiguous},
      {"one of them twice, without a token",
       {{"X-Original-URI", "/a"}, {"X-Original-URI", "/b"}},
       Found::ambiguous},
      {"one of them twice, beside a header with a token",
       {{"Authorization", "Bearer a"},
        {"X-Original-URI", "/a"},
        {"X-Original-URI", "/a?access_token=b"}},
       Found::ambiguous},
      {"the second ambiguous",
       {{"X-Forwarded-Uri", "/a?access_token=a"}, {"X-Original-URI", "/a?access_token=a;b"}},
       Found::ambiguous},
  });
}

}  // namespace
}  // namespace latchkey::edge

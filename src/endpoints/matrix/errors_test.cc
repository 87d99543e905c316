// Every error of the Client-Server API as status and body.
#include "endpoints/matrix/errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <optional>
#include <stdexcept>

#include "platform/db/database.h"

namespace latchkey::matrix {
namespace {

using namespace std::chrono_literals;
using sessions::Reason;
using sessions::Worth;
using ::testing::HasSubstr;

std::string header(const http::Response& response, std::string_view name) {
  for (const auto& [known, value] : response.headers) {
    if (known == name) return value;
  }
  return {};
}

// Checks status, errcode and soft_logout (absent: not in the body), and that there is a sentence.
boost::json::object expect(const http::Response& response, int status, std::string_view errcode,
                           std::optional<bool> soft_logout = std::nullopt) {
  const std::string name(errcode);
  EXPECT_EQ(response.status, status) << name;
  EXPECT_EQ(response.content_type, "application/json") << name;
  const auto body = boost::json::parse(response.body).as_object();
  EXPECT_EQ(body.at("errcode").as_string(), errcode) << name;
  EXPECT_FALSE(body.at("error").as_string().empty()) << name;
  const auto* flag = body.if_contains("soft_logout");
  EXPECT_EQ(flag != nullptr, soft_logout.has_value()) << name;
  if (flag != nullptr && soft_logout) EXPECT_EQ(flag->as_bool(), *soft_logout) << name;
  return body;
}

// Every reason there is, under the worth that the rules give it.
struct Refused {
  Worth worth;
  Reason reason;
};

const Refused kHard[] = {
    {Worth::unknown, Reason::not_ours},
    {Worth::unknown, Reason::malformed},
    {Worth::unknown, Reason::forged},
    {Worth::unknown, Reason::wrong_kind},
    {Worth::unknown, Reason::no_matrix_scope},
    {Worth::ended, Reason::ended_for_good},
    {Worth::ended, Reason::account_deactivated},
    {Worth::ended, Reason::purged},
};
const Refused kSoft[] = {
    {Worth::soft, Reason::ended_softly},      {Worth::soft, Reason::past_maximum_age},
    {Worth::soft, Reason::idle_too_long},     {Worth::soft, Reason::from_before_a_restore},
    {Worth::soft, Reason::expired},           {Worth::soft, Reason::refresh_token_expired},
    {Worth::soft, Reason::replaced},          {Worth::soft, Reason::reused},
    {Worth::soft, Reason::generations_spent}, {Worth::soft, Reason::lost},
    {Worth::soft, Reason::key_lost},
};

http::Response refused(Refused one) {
  return refusal(sessions::Standing{one.worth, one.reason, std::nullopt});
}

TEST(Refusal, OfATokenThatIsOverIsHard) {
  for (const Refused& one : kHard) expect(refused(one), 401, "M_UNKNOWN_TOKEN", false);
}

TEST(Refusal, OfATokenThatWaitsForASignInIsSoft) {
  for (const Refused& one : kSoft) expect(refused(one), 401, "M_UNKNOWN_TOKEN", true);
}

TEST(Refusal, OfALockedAccountKeepsTheKeys) {
  expect(refused({Worth::locked, Reason::account_locked}), 401, "M_USER_LOCKED", true);
}

TEST(Refusal, WithoutATokenIsHard) {
  expect(refused({Worth::missing, Reason::none}), 401, "M_MISSING_TOKEN", false);
}

// A token whose session was ended, and one that never was, tell an outsider the same.
TEST(Refusal, OfWhatIsForgedAndOfWhatIsForeignIsTheSame) {
  EXPECT_EQ(refused({Worth::unknown, Reason::forged}).body,
            refused({Worth::unknown, Reason::not_ours}).body);
  EXPECT_EQ(refused({Worth::unknown, Reason::malformed}).body,
            refused({Worth::unknown, Reason::not_ours}).body);
  EXPECT_EQ(refused({Worth::ended, Reason::purged}).body,
            refused({Worth::ended, Reason::ended_for_good}).body);
}

// The edge check puts the body in a header as it is.
TEST(Refusal, OfATokenIsOneLineOfAscii) {
  for (const auto* rows : {&kHard[0], &kSoft[0]}) {
    const std::size_t count = rows == &kHard[0] ? std::size(kHard) : std::size(kSoft);
    for (std::size_t i = 0; i < count; ++i) {
      for (const char c : refused(rows[i]).body) EXPECT_TRUE(c >= ' ' && c < '\x7f');
    }
  }
}

TEST(Refusal, OfALogin) {
  using signin::LoginRefused;
  using Why = LoginRefused::Why;
  const auto refuse = [](Why why, Duration retry_after = 0s) {
    return refusal(LoginRefused{why, retry_after}, "https://example.com/");
  };
  expect(refuse(Why::wrong_credentials), 403, "M_FORBIDDEN");
  expect(refuse(Why::account_deactivated), 403, "M_USER_DEACTIVATED");
  expect(refuse(Why::account_locked), 401, "M_USER_LOCKED", true);
  const auto limit = expect(refuse(Why::too_many_devices), 403, "M_USER_LIMIT_EXCEEDED");
  EXPECT_EQ(limit.at("info_uri").as_string(), "https://example.com/");
  for (const Why why : {Why::too_many_failures, Why::busy}) {
    const auto response = refuse(why, 2500ms);
    const auto body = expect(response, 429, "M_LIMIT_EXCEEDED");
    EXPECT_EQ(body.at("retry_after_ms").as_int64(), 2500);
    EXPECT_EQ(header(response, "Retry-After"), "3") << "whole seconds, rounded up";
  }
}

TEST(Refusal, OfARegistration) {
  using signin::RegistrationRefused;
  using Why = RegistrationRefused::Why;
  const auto refuse = [](Why why) {
    const accounts::WeakPassword weak{accounts::WeakPassword::Why::too_short, 8};
    return refusal(RegistrationRefused{why, weak, 1s});
  };
  expect(refuse(Why::closed), 403, "M_FORBIDDEN");
  expect(refuse(Why::invalid_username), 400, "M_INVALID_USERNAME");
  expect(refuse(Why::username_taken), 400, "M_USER_IN_USE");
  const auto weak = expect(refuse(Why::weak_password), 400, "M_WEAK_PASSWORD");
  EXPECT_EQ(weak.at("error").as_string(), "The password is too short: use at least 8 characters.");
  for (const Why why : {Why::too_many, Why::busy}) {
    const auto response = refuse(why);
    EXPECT_EQ(expect(response, 429, "M_LIMIT_EXCEEDED").at("retry_after_ms").as_int64(), 1000);
    EXPECT_EQ(header(response, "Retry-After"), "1");
  }
}

TEST(Refusal, OfABody) {
  struct Row {
    std::string_view body;
    std::string_view errcode;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"", "M_NOT_JSON"},
           {"{", "M_NOT_JSON"},
           {"{} x", "M_NOT_JSON"},
           {"\xff", "M_NOT_JSON"},
           {"[]", "M_BAD_JSON"},
           {"null", "M_BAD_JSON"},
           {"7", "M_BAD_JSON"},
       }) {
    const auto read = text::parse_object(row.body);
    ASSERT_FALSE(read.has_value()) << row.body;
    expect(refusal(read.error()), 400, row.errcode);
  }
}

TEST(Refusal, OfAField) {
  using Kind = text::FieldError::Kind;
  const std::pair<Kind, std::string_view> rows[] = {{Kind::missing, "M_MISSING_PARAM"},
                                                    {Kind::wrong_type, "M_BAD_JSON"},
                                                    {Kind::too_long, "M_INVALID_PARAM"},
                                                    {Kind::bad_text, "M_INVALID_PARAM"},
                                                    {Kind::out_of_range, "M_INVALID_PARAM"}};
  for (const auto& [kind, errcode] : rows) {
    text::FieldError fault{};
    fault.kind = kind;
    fault.field = "device_id";
    fault.sentence = "device_id: is wrong";
    const auto body = expect(refusal(fault), 400, errcode);
    EXPECT_THAT(std::string(body.at("error").as_string()), HasSubstr("device_id"));
  }
}

TEST(Refusal, OfTheServerItself) {
  struct Row {
    http::Refusal refusal;
    int status;
    std::string_view errcode;
  };
  const Row rows[] = {
      {http::Refusal::bad_request, 400, "M_UNKNOWN"},
      {http::Refusal::not_found, 404, "M_UNRECOGNIZED"},
      {http::Refusal::method_not_allowed, 405, "M_UNRECOGNIZED"},
      {http::Refusal::timeout, 408, "M_UNKNOWN"},
      {http::Refusal::body_too_large, 413, "M_TOO_LARGE"},
      {http::Refusal::headers_too_large, 431, "M_TOO_LARGE"},
      {http::Refusal::unavailable, 503, "M_UNKNOWN"},
  };
  for (const Row& row : rows) {
    const auto response = refusal(row.refusal, nullptr);
    expect(response, row.status, row.errcode);
    EXPECT_EQ(header(response, "Retry-After").empty(), row.status != 503);
  }
}

// A fault that passes is 503 with Retry-After, on /refresh above all: clients take any 4xx there
// for the end. Others are 500 and tell nothing of themselves.
TEST(Refusal, OfAFaultSaysWhetherItPasses) {
  const auto of = [](auto thrown) {
    return refusal(http::Refusal::fault, std::make_exception_ptr(std::move(thrown)));
  };
  const auto passing = of(db::Unavailable("the server at db.internal is away"));
  expect(passing, 503, "M_UNKNOWN");
  EXPECT_FALSE(header(passing, "Retry-After").empty());
  EXPECT_EQ(passing.body.find("db.internal"), std::string::npos);

  const auto broken = of(std::runtime_error("secret detail"));
  expect(broken, 500, "M_UNKNOWN");
  EXPECT_EQ(broken.body.find("secret detail"), std::string::npos);
  expect(of(7), 500, "M_UNKNOWN");
}

}  // namespace
}  // namespace latchkey::matrix

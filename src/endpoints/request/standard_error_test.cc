#include "endpoints/request/standard_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>

#include "domain/homeserver/homeserver.h"
#include "endpoints/request/calls_testing.h"
#include "platform/db/database.h"
#include "platform/error_testing.h"

namespace latchkey::request {
namespace {

using sessions::Reason;
using sessions::Worth;
using testing::expect_error;
using ::testing::HasSubstr;
using testing::header_of;

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
  for (const Refused& one : kHard) expect_error(refused(one), 401, "M_UNKNOWN_TOKEN", false);
}

TEST(Refusal, OfATokenThatWaitsForASignInIsSoft) {
  for (const Refused& one : kSoft) expect_error(refused(one), 401, "M_UNKNOWN_TOKEN", true);
}

TEST(Refusal, OfALockedAccountKeepsTheKeys) {
  expect_error(refused({Worth::locked, Reason::account_locked}), 401, "M_USER_LOCKED", true);
}

TEST(Refusal, WithoutATokenIsHard) {
  expect_error(refused({Worth::missing, Reason::none}), 401, "M_MISSING_TOKEN", false);
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
    expect_error(refusal(error_of(read)), 400, row.errcode);
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
    const auto body = expect_error(refusal(fault), 400, errcode);
    EXPECT_THAT(std::string(body.at("error").as_string()), HasSubstr("device_id"));
  }
}

TEST(Refusal, OfALimitSaysWhenToComeAgain) {
  const auto response = limit_exceeded(Duration{1500}, "Too many.");
  const auto body = expect_error(response, 429, "M_LIMIT_EXCEEDED");
  EXPECT_EQ(body.at("retry_after_ms").as_int64(), 1500);
  EXPECT_EQ(header_of(response, "Retry-After"), "2");
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
    const auto response = standard_refusal(server_refusal(row.refusal), {});
    expect_error(response, row.status, row.errcode);
    EXPECT_EQ(header_of(response, "Retry-After").empty(), row.status != 503);
  }
}

// A fault that passes is 503 with Retry-After, on /refresh above all: clients take any 4xx there
// for the end. Others are 500 and tell nothing of themselves.
TEST(Refusal, OfAFaultSaysWhetherItPasses) {
  const auto of = [](auto thrown) {
    const Fault fault = read_fault(std::make_exception_ptr(std::move(thrown)));
    return standard_refusal(server_refusal(http::Refusal::fault, fault), {});
  };
  const auto passing = of(db::Unavailable("the server at db.internal is away"));
  expect_error(passing, 503, "M_UNKNOWN");
  EXPECT_FALSE(header_of(passing, "Retry-After").empty());
  EXPECT_EQ(passing.body.find("db.internal"), std::string::npos);

  const auto broken = of(std::runtime_error("secret detail"));
  expect_error(broken, 500, "M_UNKNOWN");
  EXPECT_EQ(broken.body.find("secret detail"), std::string::npos);
  expect_error(of(7), 500, "M_UNKNOWN");
}

// Clients that tried again would never come to an end.
TEST(Refusal, OfWhatTheHomeserverNeverDoesIsFinal) {
  const Fault fault = read_fault(std::make_exception_ptr(homeserver::Refused("400 at 192.0.2.1")));
  EXPECT_FALSE(fault.transient);
  const auto response = standard_refusal(server_refusal(http::Refusal::fault, fault), {});
  expect_error(response, 400, "M_INVALID_PARAM");
  EXPECT_EQ(header_of(response, "Retry-After"), "");
  EXPECT_EQ(response.body.find("192.0.2.1"), std::string::npos);
}

}  // namespace
}  // namespace latchkey::request

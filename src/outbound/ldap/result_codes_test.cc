#include "outbound/ldap/result_codes.h"

namespace latchkey::outbound::ldap {
namespace {

using Why = providers::Failure::Why;

struct Case {
  Step step;
  int code;
  std::string diagnostic;
  Why why;
  std::string_view reason;
  bool of_server = false;
};

std::string from_ad(const std::string& data) {
  return "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data " + data +
         ", v4563";
}

TEST(ResultCodes, SayWhatToTellThePerson) {
  const std::vector<Case> cases{
      {Step::bind_person, 49, "", Why::wrong_credentials, "wrong_password"},
      {Step::bind_person, 49, from_ad("52e"), Why::wrong_credentials, "wrong_password"},
      {Step::bind_person, 49, from_ad("525"), Why::wrong_credentials, "wrong_password"},
      {Step::bind_person, 49, from_ad("530"), Why::denied, "not_now"},
      {Step::bind_person, 49, from_ad("531"), Why::denied, "not_here"},
      {Step::bind_person, 49, from_ad("532"), Why::denied, "password_expired"},
      {Step::bind_person, 49, from_ad("533"), Why::denied, "disabled"},
      {Step::bind_person, 49, from_ad("701"), Why::denied, "expired"},
      {Step::bind_person, 49, from_ad("773"), Why::denied, "password_expired"},
      {Step::bind_person, 49, from_ad("775"), Why::denied, "locked"},
      {Step::bind_person, 49, ", data ", Why::wrong_credentials, "wrong_password"},
      {Step::bind_person, 32, "", Why::wrong_credentials, "no_such_person"},
      {Step::bind_person, 34, "", Why::wrong_credentials, "no_such_person"},
      {Step::bind_person, 19, "Exceed password retry limit.", Why::denied, "locked"},
      {Step::bind_person, 53, "Account inactivated.", Why::denied, "disabled"},
      {Step::bind_person, 53, "", Why::misconfigured, "refused"},
      {Step::bind_person, 48, "", Why::misconfigured, "refused"},
      {Step::bind_person, 8, "", Why::misconfigured, "refused"},
      {Step::bind_person, 13, "", Why::misconfigured, "refused"},
      {Step::bind_person, 51, "", Why::unavailable, "no_answer", true},
      {Step::bind_person, 52, "", Why::unavailable, "no_answer", true},
      {Step::bind_person, -1, "", Why::unavailable, "no_answer", true},
      {Step::bind_person, -5, "", Why::unavailable, "timed_out", true},
      {Step::bind_ours, 49, "", Why::misconfigured, "bind"},
      {Step::bind_ours, 49, from_ad("533"), Why::misconfigured, "bind"},
      {Step::bind_ours, 8, "", Why::misconfigured, "bind"},
      {Step::bind_ours, 52, "", Why::unavailable, "no_answer", true},
      {Step::search, 32, "", Why::misconfigured, "no_base"},
      {Step::search, 10, "", Why::misconfigured, "referral"},
      {Step::search, 1, "", Why::misconfigured, "search"},
      {Step::search, 50, "", Why::misconfigured, "search"},
      {Step::search, -7, "", Why::misconfigured, "filter"},
      {Step::search, 3, "", Why::unavailable, "timed_out"},
      {Step::search, 80, "", Why::unavailable, "no_answer", true},
      {Step::search, -2, "", Why::unavailable, "no_answer", true},
      {Step::connect, -1, "", Why::unavailable, "no_answer", true},
      {Step::connect, -1, "(unknown error code)", Why::misconfigured, "certificate", true},
      {Step::connect, -1, "The TLS connection was non-properly terminated.", Why::unavailable,
       "no_answer", true},
      {Step::connect, 2, "unsupported extended operation", Why::misconfigured, "no_tls", true},
  };
  for (const Case& one : cases) {
    const Trouble trouble{one.code, one.diagnostic};
    const auto failure = meaning_of(one.step, trouble);
    EXPECT_EQ(failure.why, one.why) << one.code << " " << one.diagnostic;
    EXPECT_EQ(failure.reason, one.reason) << one.code << " " << one.diagnostic;
    EXPECT_FALSE(failure.sentence.empty());
    EXPECT_EQ(is_of_server(one.step, trouble), one.of_server) << one.code;
  }
}

// draft-behera-ldap-password-policy section 6.2.
TEST(ResultCodes, HearWhatThePasswordPolicySays) {
  const auto reason = [](int error) {
    return meaning_of(Step::bind_person, {49, "", error}).reason;
  };
  EXPECT_EQ(reason(0), "password_expired");
  EXPECT_EQ(reason(1), "locked");
  EXPECT_EQ(reason(2), "password_expired");
  EXPECT_EQ(reason(65'535), "wrong_password");
}

TEST(ResultCodes, KeepWhatAServerSaysShortAndOnOneLine) {
  const auto failure =
      meaning_of(Step::search, {80, "first\nsecond\x1b[31m" + std::string(10'000, 'x')});
  EXPECT_LT(failure.sentence.size(), 500U);
  EXPECT_EQ(failure.sentence.find_first_of("\n\x1b"), std::string::npos);
}

}  // namespace
}  // namespace latchkey::outbound::ldap

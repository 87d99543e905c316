#include "outbound/cas/cas_provider.h"

#include <boost/json/array.hpp>
#include <deque>

#include "platform/error_testing.h"

namespace latchkey::outbound {
namespace {

using namespace std::chrono_literals;
using providers::Failure;
using providers::Fields;
using testing::EndsWith;
using testing::HasSubstr;
using Why = Failure::Why;

constexpr std::string_view kTicket = "ST-1-abcDEF";

std::string response(std::string_view inside) {
  return "<cas:serviceResponse xmlns:cas=\"http://www.yale.edu/tp/cas\">" + std::string(inside) +
         "</cas:serviceResponse>";
}

std::string success(std::string_view user, std::string_view attributes = "") {
  return response("<cas:authenticationSuccess><cas:user>" + std::string(user) +
                  "</cas:user><cas:attributes>" + std::string(attributes) +
                  "</cas:attributes></cas:authenticationSuccess>");
}

std::string failure(std::string_view code) {
  return response("<cas:authenticationFailure code=\"" + std::string(code) +
                  "\">No such\n ticket</cas:authenticationFailure>");
}

class Cas : public testing::Test {
 protected:
  using Answer = std::expected<http_client::Answer, http_client::Failure>;

  CasProvider provider(CasOptions::Version version = CasOptions::Version::v3) {
    CasOptions options;
    options.url = "https://cas.example.org/cas/";
    options.version = version;
    options.ca_file.value = "ca.pem";
    return {options, "https://matrix.example.org/account/providers/cas/callback", clock_,
            [this](const http_client::Request& request) {
              asked_.push_back(request);
              return answer_;
            }};
  }
  void answer(std::string body, int status = 200) {
    answer_ = http_client::Answer{
        .status = status, .body = std::move(body), .retry_after = {}, .date = {}};
  }
  providers::Returned returned(bool again = false,
                               std::string ticket = std::string(kTicket)) const {
    return {.fields = {{"state", "s1"}, {"ticket", std::move(ticket)}},
            .state = "s1",
            .memo = {},
            .again = again,
            .begun_at = clock_.now()};
  }
  std::string why(const providers::Returned& back) {
    const auto person = provider().finish(back, limits());
    return person ? "fine" : std::string(error_of(person).reason);
  }
  static CallLimits limits() { return {.deadline = std::chrono::steady_clock::now() + 60s}; }

  ManualClock clock_{from_millis(1'800'000'000'000)};  // 2027-01-15T08:00:00Z
  Answer answer_ = std::unexpected(http_client::Failure{});
  std::vector<http_client::Request> asked_;
};

TEST_F(Cas, SendsTheBrowserThereAndAsksWhoseTheTicketIs) {
  const auto departure = provider().begin({.state = "s1"}, limits());
  EXPECT_EQ(departure->url,
            "https://cas.example.org/cas/login?service=https%3A%2F%2Fmatrix.example.org%2Faccount"
            "%2Fproviders%2Fcas%2Fcallback%3Fstate%3Ds1");
  answer(success("alice",
                 "<cas:mail>a@example.org</cas:mail><cas:g>x</cas:g><cas:g>y</cas:g>"
                 "<cas:authenticationDate>2027-01-15T09:00:00.5+01:00[Europe/Berlin]"
                 "</cas:authenticationDate><cas:user>mallory</cas:user>"));
  const auto person = provider().finish(returned(), limits());
  ASSERT_TRUE(person) << error_of(person).sentence;
  EXPECT_EQ(person->subject, "alice");
  EXPECT_EQ(person->session.name, kTicket);
  EXPECT_EQ(person->claims.at("mail"), "a@example.org");
  EXPECT_EQ(person->claims.at("g"), boost::json::array({"x", "y"}));
  EXPECT_EQ(person->claims.at("user"), "alice");
  EXPECT_EQ(person->authenticated_at, clock_.now() + 500ms);
  EXPECT_THAT(asked_.at(0).url,
              HasSubstr("https://cas.example.org/cas/p3/serviceValidate?service=https%3A%2F%2F"));
  EXPECT_THAT(asked_.at(0).url, EndsWith("callback%3Fstate%3Ds1&ticket=ST-1-abcDEF"));
  EXPECT_EQ(asked_.at(0).method, "GET");
  EXPECT_EQ(provider().state_of(returned().fields), "s1");
  EXPECT_EQ(provider().state_of({{"state", "1"}, {"state", "2"}}), std::nullopt);
  EXPECT_EQ(asked_.at(0).ca_file, "ca.pem");
}

TEST_F(Cas, SpeaksProtocol2) {
  answer(
      response("<cas:authenticationSuccess><cas:user> alice </cas:user>"
               "</cas:authenticationSuccess>"));
  const auto person = provider(CasOptions::Version::v2).finish(returned(), limits());
  EXPECT_EQ(person->subject, "alice");
  EXPECT_FALSE(person->authenticated_at);
  EXPECT_THAT(asked_.at(0).url, HasSubstr("/cas/serviceValidate?"));
}

TEST_F(Cas, AsksNobodyAboutWhatIsNoTicket) {
  for (const std::string& ticket : {std::string(), std::string("PT-1-abc"), std::string("ST-1 x"),
                                    std::string("TGT-1"), "ST-" + std::string(300, 'x')}) {
    EXPECT_EQ(why(returned(false, ticket)), "invalid_ticket") << ticket;
  }
  providers::Returned none = returned();
  none.fields = {{"state", "s1"}};
  EXPECT_EQ(why(none), "no_ticket");
  none.fields = {{"ticket", "ST-1"}, {"ticket", "ST-2"}};
  EXPECT_EQ(why(none), "no_ticket");
  EXPECT_TRUE(asked_.empty());
}

TEST_F(Cas, SaysWhyATicketIsRefused) {
  const std::vector<std::tuple<std::string, Why, std::string_view>> cases{
      {"INVALID_TICKET", Why::not_believed, "invalid_ticket"},
      {"INVALID_TICKET_SPEC", Why::not_believed, "invalid_ticket"},
      {"INVALID_SERVICE", Why::not_believed, "invalid_service"},
      {"INTERNAL_ERROR", Why::unavailable, "internal_error"},
      {"INVALID_REQUEST", Why::misconfigured, "refused"},
      {"UNAUTHORIZED_SERVICE", Why::misconfigured, "refused"},
      {"", Why::misconfigured, "refused"}};
  for (const auto& [code, why, reason] : cases) {
    answer(failure(code));
    const auto person = provider().finish(returned(), limits());
    EXPECT_EQ(error_of(person).why, why) << code;
    EXPECT_EQ(error_of(person).reason, reason) << code;
    EXPECT_FALSE(error_of(person).sentence.contains('\n'));
  }
}

TEST_F(Cas, AsksForThePasswordAnewAndSeesThatItWas) {
  EXPECT_THAT(provider().begin({.state = "s1", .again = true}, limits())->url,
              EndsWith("&renew=true"));
  answer(success("alice"));
  EXPECT_EQ(why(returned(true)), "fine");
  EXPECT_THAT(asked_.at(0).url, EndsWith("&renew=true"));
  answer(success("alice", "<cas:isFromNewLogin>false</cas:isFromNewLogin>"));
  EXPECT_EQ(why(returned(true)), "not_renewed");
  EXPECT_EQ(why(returned(false)), "fine");
  answer(success("alice", "<cas:authenticationDate>2027-01-15T07:57:00Z</cas:authenticationDate>"));
  EXPECT_EQ(why(returned(true)), "not_renewed");
  answer(success("alice",
                 "<cas:authenticationDate>2027-01-15T07:59:00Z</cas:authenticationDate>"
                 "<cas:isFromNewLogin>true</cas:isFromNewLogin>"));
  EXPECT_EQ(why(returned(true)), "fine");
  answer(failure("INVALID_TICKET"));
  EXPECT_EQ(error_of(provider().finish(returned(true), limits())).why, Why::not_fresh);
}

TEST_F(Cas, BelievesNothingElse) {
  for (const std::string& body :
       {std::string(), std::string("yes\nalice\n"), std::string("<html/>"), response(""),
        std::string("{\"serviceResponse\": {}}"), success(""), success("<b>alice</b>"),
        success(std::string(256, 'a')), success("al\xff"), success("al&#x7f;ice"),
        response("<cas:authenticationSuccess><cas:user>a</cas:user><cas:user>b</cas:user>"
                 "</cas:authenticationSuccess>"),
        response("<cas:authenticationSuccess><cas:user>a</cas:user></cas:authenticationSuccess>"
                 "<cas:authenticationFailure code=\"INVALID_TICKET\"/>"),
        std::string("<serviceResponse><authenticationSuccess><user>a</user>"
                    "</authenticationSuccess></serviceResponse>"),
        std::string("<cas:serviceResponse xmlns:cas=\"urn:x\"><cas:authenticationSuccess><cas:user>"
                    "a</cas:user></cas:authenticationSuccess></cas:serviceResponse>"),
        std::string("<html xmlns:cas=\"http://www.yale.edu/tp/cas\"><cas:authenticationSuccess>"
                    "<cas:user>a</cas:user></cas:authenticationSuccess></html>")}) {
    answer(body);
    const auto person = provider().finish(returned(), limits());
    ASSERT_FALSE(person) << body;
    EXPECT_EQ(error_of(person).why, Why::not_believed) << body;
  }
}

TEST_F(Cas, KeepsNoMoreOfAttributesThanAnybodyNeeds) {
  std::string different;
  std::string alike;
  for (int i = 0; i < 600; ++i) {
    different += "<cas:a" + std::to_string(i) + ">x</cas:a" + std::to_string(i) + ">";
    alike += "<cas:group>" + std::to_string(i) + "</cas:group>";
  }
  answer(success("alice", different));
  EXPECT_EQ(provider().finish(returned(), limits()).value().claims.size(), 501U);
  answer(success("alice", alike));
  const auto person = provider().finish(returned(), limits()).value();
  EXPECT_EQ(person.claims.at("group").as_array().size(), 100U);
  EXPECT_EQ(person.subject, "alice");
}

TEST_F(Cas, ExpandsNoEntityAndReadsNoFile) {
  for (const std::string_view type :
       {"<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>",
        "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY e \"&a;&a;&a;&a;\">]>",
        "<!DOCTYPE x SYSTEM \"http://127.0.0.1:1/x.dtd\">"}) {
    answer(std::string(type) + success("&e;"));
    const auto person = provider().finish(returned(), limits());
    ASSERT_FALSE(person);
    EXPECT_THAT(error_of(person).sentence, HasSubstr("has a document type"));
  }
  answer(success("&e;"));
  EXPECT_EQ(why(returned()), "not_cas");
  // In an encoding in which the type would be hidden.
  answer("<?xml version=\"1.0\" encoding=\"UTF-7\"?>" + success("alice"));
  EXPECT_EQ(why(returned()), "fine");
  answer(success("alice<!-- a comment -->.b", "<cas:a><![CDATA[<x>]]></cas:a>"));
  EXPECT_EQ(provider().finish(returned(), limits())->subject, "alice.b");
  EXPECT_EQ(provider().finish(returned(), limits())->claims.at("a"), "<x>");
  std::string deep;
  for (int i = 0; i < 5'000; ++i) deep += "<cas:a>";
  answer(success("alice", deep));
  EXPECT_EQ(why(returned()), "not_cas");
}

TEST_F(Cas, TellsAServerThatIsDownFromOneThatIsNoCas) {
  const auto why_now = [&] { return error_of(provider().finish(returned(), limits())).why; };
  EXPECT_EQ(why_now(), Why::unavailable);
  answer_ = std::unexpected(
      http_client::Failure{.kind = http_client::Failure::Kind::not_trusted, .sentence = ""});
  EXPECT_EQ(why_now(), Why::misconfigured);
  for (const int status : {500, 502, 503, 429}) {
    answer("", status);
    EXPECT_EQ(why_now(), Why::unavailable) << status;
  }
  for (const int status : {301, 302, 400, 401, 403, 404}) {
    answer(success("alice"), status);
    EXPECT_EQ(why_now(), Why::misconfigured) << status;
  }
}

std::string logout_request(std::string_view index) {
  return "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"LR-1\" "
         "Version=\"2.0\" IssueInstant=\"2027-01-15T08:00:00Z\"><saml:NameID "
         "xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">alice</saml:NameID>"
         "<samlp:SessionIndex>" +
         std::string(index) + "</samlp:SessionIndex></samlp:LogoutRequest>";
}

TEST_F(Cas, EndsASignInOfWhichTheServerSaysThatItIsOver) {
  const auto notice =
      provider().read_logout({{"logoutRequest", logout_request(kTicket)}}, limits());
  ASSERT_TRUE(notice) << error_of(notice).sentence;
  EXPECT_EQ(notice->session, kTicket);
  // Anybody could name a person.
  EXPECT_EQ(notice->subject, "");
  EXPECT_FALSE(notice->id.empty());
  EXPECT_GT(notice->expires_at, clock_.now());
  for (const std::string& xml :
       {std::string(), std::string("x"), logout_request(""), logout_request("alice"),
        success("alice"), "<!DOCTYPE x>" + logout_request(kTicket),
        std::string(
            "<samlp:LogoutResponse xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\">"
            "<samlp:SessionIndex>ST-1-abcDEF</samlp:SessionIndex></samlp:LogoutResponse>")}) {
    EXPECT_FALSE(provider().read_logout({{"logoutRequest", xml}}, limits())) << xml;
  }
  EXPECT_FALSE(provider().read_logout({}, limits()));
  EXPECT_EQ(provider()
                .sign_out({.session = {},
                           .return_to = "https://matrix.example.org/account/signed-out",
                           .state = "s1"})
                ->url,
            "https://cas.example.org/cas/logout?service=https%3A%2F%2Fmatrix.example.org%2Faccount"
            "%2Fsigned-out%3Fstate%3Ds1");
}

TEST_F(Cas, TestSaysWhetherItIsOne) {
  answer(failure("INVALID_TICKET"));
  EXPECT_TRUE(provider().test(limits()));
  EXPECT_THAT(asked_.at(0).url, HasSubstr("ticket=ST-0-no-such-ticket"));
  answer(failure("UNAUTHORIZED_SERVICE"));
  EXPECT_THAT(error_of(provider().test(limits())).sentence, HasSubstr("UNAUTHORIZED_SERVICE"));
  answer(success("alice"));
  EXPECT_FALSE(provider().test(limits()));
  answer("<html/>");
  EXPECT_FALSE(provider().test(limits()));
}

TEST(CasOptions, WantAnAddress) {
  CasOptions options;
  for (const char* const good : {"https://cas.example.org", "http://127.0.0.1:8000/cas/"}) {
    options.url = good;
    EXPECT_TRUE(options.problems().empty()) << good;
  }
  for (const char* const bad : {"", "cas.example.org", "ftp://x", "https://x/?a", "https://a@x/",
                                "https:///x", "https://x/#a"}) {
    options.url = bad;
    EXPECT_FALSE(options.problems().empty()) << bad;
  }
}

TEST(CasOptions, WantCertificatesThatAreThere) {
  CasOptions options;
  options.url = "https://cas.example.org/cas";
  options.ca_file.value = "/no/such/ca.pem";
  EXPECT_THAT(
      options.problems(),
      ::testing::ElementsAre("ca_file: cannot read '/no/such/ca.pem': there is no such file"));
}

}  // namespace
}  // namespace latchkey::outbound

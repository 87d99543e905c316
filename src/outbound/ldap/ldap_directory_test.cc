#include "outbound/ldap/ldap_directory.h"

#include <signal.h>

#include <boost/json/array.hpp>
#include <optional>
#include <set>
#include <thread>

#include "outbound/ldap/ldap_text.h"
#include "outbound/ldap/slapd_testing.h"
#include "platform/error_testing.h"
#include "platform/text/base64.h"

namespace latchkey::outbound {
namespace {

using namespace std::chrono_literals;
using ldap::SilentPort;
using ldap::Slapd;
using providers::Failure;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using Steady = std::chrono::steady_clock;
using Why = Failure::Why;
using Presence = providers::PasswordProvider::Presence;

constexpr std::string_view kPeople = "ou=people,dc=example,dc=org";

std::string uuid(int number) {
  std::string digits = std::to_string(number);
  return "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

std::string base64(std::string_view bytes) { return text::encode_base64(bytes); }

// Names that mean something in a filter, in the name of an entry, or to people elsewhere.
const std::vector<std::string>& difficult_names() {
  static const std::vector<std::string> names{
      "a*b",    "a(b",  "a)b", "a\\b",       "a,b",      "a+b",  "a\"b",     "a<b",
      "a>b",    "a;b",  "#ab", "a=b",        "a b",      "a/b",  "a|b&c!d~", "a#b",
      "müller", "李雷", "a%b", "{{ user }}", "o'neill",  "-ab",  "a\\2ab",   "a@b",
      "ab\\",   "@",    "🦀",  "cn=x,dc=y",  "x)(uid=*", "\\2a", "a:=b",     "😀*😀"};
  return names;
}

// `more` are lines of the entry.
std::string person(const std::string& dn, std::string_view uid, int number,
                   const std::string& more = "userPassword: sesame\n") {
  return "dn:: " + base64(dn) +
         "\nobjectClass: inetOrgPerson\nobjectClass: testAccount\nuid:: " + base64(uid) +
         "\ncn: Person " + std::to_string(number) + "\nsn: Person\nentryUUID: " + uuid(number) +
         "\n" + more + "\n";
}

std::string someone(std::string_view uid, int number,
                    const std::string& more = "userPassword: sesame\n") {
  return person("cn=Person " + std::to_string(number) + "," + std::string(kPeople), uid, number,
                more);
}

std::string unit(std::string_view name) {
  return "dn: ou=" + std::string(name) +
         ",dc=example,dc=org\nobjectClass: organizationalUnit\nou: " + std::string(name) + "\n\n";
}

std::string group(std::string_view name, const std::string& member, std::string_view description) {
  return "dn: cn=" + std::string(name) +
         ",ou=groups,dc=example,dc=org\nobjectClass: groupOfNames\ncn: " + std::string(name) +
         "\nmember: " + member + "\ndescription: " + std::string(description) + "\n\n";
}

const std::string kGuid = std::string("\x01\x00*\\\xff\x80(\xfe", 8) + std::string(8, 'g');

std::string everybody() {
  const std::string groups = ",ou=groups,dc=example,dc=org\n";
  std::string ldif = unit("people") + unit("named") + unit("groups") + unit("empty");
  ldif +=
      someone("alice", 1,
              "userPassword: sesame\ndisplayName:: " + base64("Alice Ångström") +
                  "\nmail: alice@example.org\nmail: a.angstrom@example.org\nmemberOf: cn=matrix" +
                  groups + "jpegPhoto:: " + base64("\xff\xd8\xff\xe0") + "\n");
  ldif += someone(
      "root", 2,
      "userPassword: sesame\nmemberOf: cn=matrix" + groups + "memberOf: cn=admins" + groups);
  ldif += someone("argon", 3,
                  "userPassword: {ARGON2}$argon2i$v=19$m=4096,t=3,p=1$X2ZQqQLbgnFHilBcFQHV7w$"
                  "BHY4EkvCMXOQbKns0ahqo0Ia6utnMko5avuzebWJJhk\n");
  ldif += someone("spaced", 4, "userPassword:: " + base64(" sesame ") + "\n");
  ldif += someone("straße", 5);
  ldif += someone("none", 6, "");
  ldif += someone("twin1", 7, "userPassword: sesame\nmail: twins@example.org\n");
  ldif += someone("twin2", 8, "userPassword: sesame\nmail: twins@example.org\n");
  ldif += someone("here", 9,
                  "userPassword: sesame\nuserAccountControl: 512\naccountExpires: "
                  "9223372036854775807\nobjectGUID:: " +
                      base64(kGuid) + "\n");
  ldif += someone("off", 10, "userPassword: sesame\nuserAccountControl: 514\n");
  ldif += someone("over", 11, "userPassword: sesame\naccountExpires: 132223104000000000\n");
  ldif += someone("inactive", 12, "userPassword: sesame\nnsAccountLock: TRUE\n");
  ldif += someone("former", 13, "userPassword: sesame\nemployeeType: former\n");
  ldif += someone("locked", 14, "userPassword: sesame\npwdAccountLockedTime: 000001010000Z\n");
  ldif += someone("guessed", 15, "userPassword: sesame\npwdAccountLockedTime: 20260101000000Z\n");
  ldif += someone("fresh", 16, "userPassword: sesame\npwdReset: TRUE\n");
  ldif += someone("future", 17, "userPassword: sesame\naccountExpires: 159000000000000000\n");
  int number = 100;
  for (const std::string& name : difficult_names()) {
    const std::string password = "userPassword: " + std::to_string(number) + "\n";
    ldif += someone(name, number, password);
    // The server refuses an entry whose name has another value than its attribute.
    ldif += person(ldap::fill_dn("uid={{ user }},ou=named,dc=example,dc=org", name), name,
                   number + 500, password);
    ++number;
  }
  ldif += group("matrix", "cn=Person 1," + std::string(kPeople), "alice");
  ldif += group("admins", "cn=Person 2," + std::string(kPeople), "root");
  return ldif;
}

Slapd& shared() {
  static Slapd slapd{everybody()};
  return slapd;
}

CallLimits within(Duration span) { return {.deadline = Steady::now() + span}; }

class Directory : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    signal(SIGPIPE, SIG_IGN);  // as the program does
    shared();
  }

  static LdapOptions options(std::vector<std::string> servers = {shared().ldap()}) {
    LdapOptions options;
    options.servers = std::move(servers);
    options.base = kPeople;
    options.bind_dn = "cn=latchkey,dc=example,dc=org";
    options.bind_password = Secret("service");
    options.timeout = 20s;
    return options;
  }
  static LdapOptions by_template() {
    LdapOptions options = Directory::options();
    options.base.clear();
    options.bind_dn.clear();
    options.bind_password = {};
    options.dn_template = "uid={{ user }},ou=named,dc=example,dc=org";
    return options;
  }

  static providers::Reply<providers::Person> check(const LdapOptions& options,
                                                   std::string_view user,
                                                   const char* password = "sesame") {
    return LdapDirectory(options).check(user, Secret(password), within(60s));
  }
  static providers::Reply<Presence> look_up(const LdapOptions& options, std::string_view subject) {
    return LdapDirectory(options).look_up(subject, within(60s));
  }
  static std::string subject(const LdapOptions& options, std::string_view user,
                             const char* password = "sesame") {
    const auto person = check(options, user, password);
    return person ? person->subject : error_of(person).sentence;
  }
  // "denied disabled"
  template <class T>
  static std::string why(const providers::Reply<T>& reply) {
    if (reply) return "fine";
    static const std::vector<std::string> names{"unavailable", "denied",       "wrong_credentials",
                                                "not_fresh",   "not_believed", "misconfigured"};
    return names.at(static_cast<std::size_t>(error_of(reply).why)) + " " +
           std::string(error_of(reply).reason);
  }
};

TEST_F(Directory, LetsInWhoGivesTheirPassword) {
  const auto person = check(options(), "alice");
  ASSERT_TRUE(person) << error_of(person).sentence;
  EXPECT_EQ(person->subject, uuid(1));
  EXPECT_EQ(person->claims.at("displayName"), "Alice Ångström");
  EXPECT_EQ(person->claims.at("uid"), "alice");
  EXPECT_EQ(person->claims.at("mail"),
            boost::json::array({"alice@example.org", "a.angstrom@example.org"}));
  EXPECT_FALSE(person->claims.contains("entryUUID"));
  EXPECT_EQ(person->administrator, std::nullopt);
  ASSERT_TRUE(person->authenticated_at);
  EXPECT_LT(SystemClock().now() - *person->authenticated_at, 1min);
}

TEST_F(Directory, RefusesAWrongPasswordAndAnUnknownNameAlike) {
  EXPECT_EQ(why(check(options(), "alice", "sesame2")), "wrong_credentials wrong_password");
  EXPECT_EQ(why(check(options(), "alicia")), "wrong_credentials no_such_person");
  EXPECT_EQ(why(check(options(), "none")), "wrong_credentials wrong_password");
  EXPECT_EQ(why(check(by_template(), "a,b", "x")), "wrong_credentials wrong_password");
  EXPECT_EQ(why(check(by_template(), "nobody")), "wrong_credentials wrong_password");
}

// RFC 4513 section 5.1.2: the server would say yes.
TEST_F(Directory, NeverSendsAnEmptyPassword) {
  SilentPort silent;
  EXPECT_EQ(why(check(options({"ldap://" + silent.address()}), "alice", "")),
            "wrong_credentials no_password");
  EXPECT_EQ(silent.connections(), 0);
}

TEST_F(Directory, TakesAPasswordAsItIs) {
  EXPECT_EQ(subject(options(), "spaced", " sesame "), uuid(4));
  EXPECT_EQ(why(check(options(), "spaced", "sesame")), "wrong_credentials wrong_password");
  EXPECT_EQ(why(check(options(), "alice", " sesame")), "wrong_credentials wrong_password");
  EXPECT_EQ(subject(options(), "argon", "sesame open"), uuid(3));
}

TEST_F(Directory, FindsTheOneWhoHasADifficultName) {
  int number = 100;
  for (const std::string& name : difficult_names()) {
    const std::string password = std::to_string(number);
    EXPECT_EQ(subject(options(), name, password.c_str()), uuid(number)) << name;
    EXPECT_EQ(subject(by_template(), name, password.c_str()), uuid(number + 500)) << name;
    ++number;
  }
}

TEST_F(Directory, TakesNothingOfANameForPartOfAFilterOrAName) {
  for (const std::string name : {"*", "ali*", "alice)(uid=*", "*)(|(uid=alice", "\\61lice",
                                 "alice)", "(alice", "Person 1,ou=people"}) {
    EXPECT_EQ(why(check(options(), name)), "wrong_credentials no_such_person") << name;
  }
  LdapOptions by_cn = by_template();
  by_cn.dn_template = "cn={{ user }},dc=example,dc=org";
  EXPECT_EQ(why(check(by_cn, "Person 1,ou=people")), "wrong_credentials wrong_password");
  by_cn.dn_template = "cn={{ user }},ou=people,dc=example,dc=org";
  EXPECT_EQ(subject(by_cn, "Person 1"), uuid(1));
}

TEST_F(Directory, AsksNobodyAboutWhatIsNoName) {
  SilentPort silent;
  const LdapOptions silently = options({"ldap://" + silent.address()});
  for (const std::string& name :
       {std::string(), std::string("alice\0", 6), std::string("al\0ice", 6), std::string("\xff"),
        std::string("ali\nce"), std::string(256, 'a')}) {
    EXPECT_EQ(why(check(silently, name)), "wrong_credentials no_such_person");
  }
  EXPECT_EQ(silent.connections(), 0);
}

// What the directory takes for the same name is the same person.
TEST_F(Directory, KnowsAPersonByTheEntryAndNotByWhatWasTyped) {
  for (const std::string name : {"alice", "ALICE", " alice ", "ａｌｉｃｅ"}) {
    EXPECT_EQ(subject(options(), name), uuid(1)) << name;
  }
  EXPECT_EQ(subject(options(), "straße"), uuid(5));
  EXPECT_EQ(why(check(options(), "strasse")), "wrong_credentials no_such_person");
}

TEST_F(Directory, AsksForSomebodyWhoIsKnownWhateverTheyAreCalled) {
  const auto known = [](const LdapOptions& options, const std::string& subject,
                        const char* password = "sesame", std::string_view user = "anything") {
    return LdapDirectory(options).check_known(subject, user, Secret(password), within(60s));
  };
  EXPECT_EQ(known(options(), uuid(1))->subject, uuid(1));
  EXPECT_EQ(known(options(), uuid(1))->claims.at("uid"), "alice");
  EXPECT_EQ(why(known(options(), uuid(1), "x")), "wrong_credentials wrong_password");
  EXPECT_EQ(why(known(options(), uuid(1), "")), "wrong_credentials no_password");
  EXPECT_EQ(why(known(options(), uuid(99))), "wrong_credentials no_such_person");
  EXPECT_EQ(why(known(options(), "*")), "wrong_credentials no_such_person");
  EXPECT_EQ(why(known(options(), uuid(10))), "denied disabled");
  // Whom the filter finds no longer does not sign in either.
  LdapOptions narrow = options();
  narrow.filter = "(&(uid={{ user }})(!(employeeType=former)))";
  EXPECT_EQ(why(known(narrow, uuid(13))), "wrong_credentials no_such_person");
  EXPECT_EQ(known(options(), uuid(13))->subject, uuid(13));
  // Where nobody can be searched for, by the name; but only if it is theirs.
  EXPECT_EQ(known(by_template(), uuid(600), "100", difficult_names()[0])->subject, uuid(600));
  EXPECT_EQ(why(known(by_template(), uuid(601), "100", difficult_names()[0])),
            "wrong_credentials another_person");
}

TEST_F(Directory, LetsNobodyInWhereTheFilterFindsTwo) {
  LdapOptions by_mail = options();
  by_mail.filter = "(mail={{ user }})";
  EXPECT_EQ(why(check(by_mail, "twins@example.org")), "wrong_credentials ambiguous");
  EXPECT_EQ(subject(by_mail, "alice@example.org"), uuid(1));
  by_mail.filter = "(|(uid={{ user }})(mail={{ user }}))";
  EXPECT_EQ(subject(by_mail, "alice@example.org"), uuid(1));
  EXPECT_EQ(subject(by_mail, "alice"), uuid(1));
}

TEST_F(Directory, KeepsOutWhoIsDisabledThere) {
  LdapOptions with_filter = options();
  with_filter.disabled_filter = "(employeeType=former)";
  for (const auto& [name, number] : std::vector<std::pair<std::string, int>>{
           {"off", 10}, {"over", 11}, {"inactive", 12}, {"former", 13}}) {
    EXPECT_EQ(why(check(with_filter, name)), "denied disabled") << name;
    // Who does not know the password learns nothing.
    EXPECT_EQ(why(check(with_filter, name, "x")), "wrong_credentials wrong_password") << name;
    EXPECT_EQ(look_up(with_filter, uuid(number)), Presence::disabled) << name;
  }
  EXPECT_EQ(subject(options(), "former"), uuid(13));
  EXPECT_EQ(look_up(options(), uuid(13)), Presence::there);
  EXPECT_EQ(subject(options(), "here"), uuid(9));
  EXPECT_EQ(subject(options(), "future"), uuid(17));
}

// slapd says no more than that the password is wrong.
TEST_F(Directory, TakesALockForGuessesForNoReasonToEndSessions) {
  EXPECT_EQ(why(check(options(), "locked")), "wrong_credentials wrong_password");
  EXPECT_EQ(look_up(options(), uuid(14)), Presence::disabled);
  EXPECT_EQ(why(check(options(), "guessed")), "wrong_credentials wrong_password");
  EXPECT_EQ(look_up(options(), uuid(15)), Presence::there);
}

TEST_F(Directory, KeepsOutWhoHasToChangeThePasswordFirst) {
  EXPECT_EQ(why(check(options(), "fresh")), "denied password_expired");
  EXPECT_EQ(why(check(options(), "fresh", "x")), "wrong_credentials wrong_password");
}

TEST_F(Directory, LetsInWhoIsInAnAllowedGroup) {
  LdapOptions grouped = options();
  grouped.allowed_groups = {"cn=none,dc=example,dc=org", "CN=matrix, ou=groups,dc=example,dc=org"};
  grouped.admin_groups = {"cn=admins,ou=groups,dc=example,dc=org"};
  EXPECT_EQ(subject(grouped, "alice"), uuid(1));
  EXPECT_EQ(why(check(grouped, "argon", "sesame open")), "denied no_group");
  EXPECT_EQ(why(check(grouped, "argon", "x")), "wrong_credentials wrong_password");
  EXPECT_EQ(look_up(grouped, uuid(1)), Presence::there);
  EXPECT_EQ(look_up(grouped, uuid(3)), Presence::disabled);
  EXPECT_EQ(check(grouped, "alice")->administrator, false);
  EXPECT_EQ(check(grouped, "root")->administrator, true);
}

TEST_F(Directory, AsksTheGroupsThemselvesWithAGroupFilter) {
  LdapOptions grouped = options();
  grouped.allowed_groups = {"cn=matrix,ou=groups,dc=example,dc=org"};
  for (const std::string filter : {"(member={{ dn }})", "(description={{ uid }})"}) {
    grouped.group_filter = filter;
    EXPECT_EQ(subject(grouped, "alice"), uuid(1)) << filter;
    EXPECT_EQ(why(check(grouped, "root")), "denied no_group") << filter;
    EXPECT_EQ(why(check(grouped, "a*b", "100")), "denied no_group") << filter;
  }
  grouped.allowed_groups = {"cn=typo,ou=groups,dc=example,dc=org"};
  const auto reply = check(grouped, "alice");
  EXPECT_EQ(why(reply), "misconfigured no_base");
  EXPECT_THAT(error_of(reply).sentence, HasSubstr("cn=typo"));
}

TEST_F(Directory, KnowsActiveDirectorysPeopleByTheirGuid) {
  LdapOptions active = options();
  active.subject = "objectguid";
  active.attributes = {"UID", "jpegPhoto", "objectGUID"};
  const auto person = check(active, "here");
  ASSERT_TRUE(person) << error_of(person).sentence;
  EXPECT_EQ(person->subject, ldap::to_hex(kGuid));
  EXPECT_EQ(person->claims, (boost::json::object{{"UID", "here"}}));
  EXPECT_EQ(look_up(active, person->subject), Presence::there);
  EXPECT_EQ(look_up(active, ldap::to_hex(std::string(16, 'g'))), Presence::gone);
  EXPECT_EQ(why(look_up(active, "not hexadecimal")), "misconfigured no_subject");
  EXPECT_EQ(why(check(active, "alice")), "misconfigured no_subject");
  EXPECT_EQ(why(check(active, "alice", "x")), "wrong_credentials wrong_password");
}

TEST_F(Directory, EncryptsAndKnowsTheServerByItsCertificate) {
  LdapOptions tls = options({shared().ldaps()});
  tls.ca_file.value = shared().ca_file();
  EXPECT_EQ(subject(tls, "alice"), uuid(1));
  tls.servers = {shared().ldap()};
  tls.start_tls = true;
  EXPECT_EQ(subject(tls, "alice"), uuid(1));
  EXPECT_EQ(why(check(tls, "alice", "x")), "wrong_credentials wrong_password");
  EXPECT_EQ(subject(options({shared().ldapi()}), "alice"), uuid(1));
}

TEST_F(Directory, TellsNoPasswordToAServerThatItDoesNotKnow) {
  for (const std::string& url : {shared().ldaps(), shared().ldap()}) {
    LdapOptions tls = options({url});
    tls.start_tls = url.starts_with("ldap:");
    EXPECT_EQ(why(check(tls, "alice")), "misconfigured certificate") << url;
    tls.ca_file.value = "/nowhere.pem";
    EXPECT_EQ(why(check(tls, "alice")), "misconfigured certificate") << url;
  }
  LdapOptions elsewhere = options({shared().ldaps_elsewhere()});
  elsewhere.ca_file.value = shared().ca_file();
  const auto reply = check(elsewhere, "alice");
  EXPECT_EQ(why(reply), "misconfigured certificate") << error_of(reply).sentence;
}

TEST_F(Directory, SaysWhatIsWrongWithItsOwnAccountAndBase) {
  LdapOptions wrong = options();
  wrong.bind_password = Secret("wrong");
  EXPECT_EQ(why(check(wrong, "alice")), "misconfigured bind");
  EXPECT_EQ(why(look_up(wrong, uuid(1))), "misconfigured bind");
  wrong = options();
  wrong.base = "ou=nowhere,dc=example,dc=org";
  EXPECT_EQ(why(check(wrong, "alice")), "misconfigured no_base");
  EXPECT_EQ(why(look_up(wrong, uuid(1))), "misconfigured no_base");
}

TEST_F(Directory, LooksUpWhoIsStillThere) {
  EXPECT_EQ(look_up(options(), uuid(1)), Presence::there);
  EXPECT_EQ(look_up(options(), uuid(99)), Presence::gone);
  EXPECT_EQ(look_up(options(), "*"), Presence::gone);
  LdapOptions narrow = options();
  narrow.filter = "(&(uid={{ user }})(!(employeeType=former)))";
  EXPECT_EQ(look_up(narrow, uuid(1)), Presence::there);
  EXPECT_EQ(look_up(narrow, uuid(13)), Presence::disabled);
  narrow.filter = "(uid:caseExactMatch:={{ user }})";
  EXPECT_EQ(look_up(narrow, uuid(1)), Presence::there);
}

// By an attribute that several share nobody is known.
TEST_F(Directory, KnowsNobodyByWhatIsNotTheirsAlone) {
  LdapOptions by_mail = options();
  by_mail.subject = "mail";
  EXPECT_EQ(why(look_up(by_mail, "twins@example.org")), "misconfigured ambiguous");
  EXPECT_EQ(why(check(by_mail, "alice")), "misconfigured no_subject") << "there are two";
  EXPECT_EQ(subject(by_mail, "twin1"), "twins@example.org");
}

// Whoever is not let in to look sees nobody; nobody is gone because of that.
TEST_F(Directory, DoesNotTakeAClosedDoorForAnEmptyRoom) {
  LdapOptions anonymous = options();
  anonymous.bind_dn.clear();
  anonymous.bind_password = {};
  EXPECT_EQ(why(look_up(anonymous, uuid(1))), "misconfigured no_base");
  // Which may search, and is shown nothing of what it finds.
  LdapOptions blind = options();
  blind.bind_dn = "cn=blind,dc=example,dc=org";
  EXPECT_EQ(why(look_up(blind, uuid(1))), "misconfigured no_base");
  EXPECT_EQ(why(look_up(by_template(), uuid(1))), "misconfigured cannot_search");
  EXPECT_EQ(why(look_up(options(), "")), "misconfigured no_subject");
}

TEST_F(Directory, AsksTheNextServerWhereOneIsDead) {
  const std::string dead = "ldap://127.0.0.1:" + std::to_string(ldap::free_port());
  EXPECT_EQ(subject(options({dead, shared().ldap()}), "alice"), uuid(1));
  EXPECT_EQ(why(check(options({dead, shared().ldap()}), "alice", "x")),
            "wrong_credentials wrong_password");
  const auto reply = check(options({dead}), "alice");
  EXPECT_EQ(why(reply), "unavailable no_answer");
  EXPECT_THAT(error_of(reply).sentence, HasSubstr(dead));
}

// The one that takes connections and says nothing costs its share of the time, and that once.
TEST_F(Directory, AsksASilentServerLastTheNextTime) {
  SilentPort silent;
  LdapDirectory directory(options({"ldap://" + silent.address(), shared().ldap()}));
  for (int i = 0; i < 3; ++i) {
    const auto person = directory.check("alice", Secret("sesame"), within(6s));
    ASSERT_TRUE(person) << error_of(person).sentence;
  }
  EXPECT_EQ(silent.connections(), 1);
}

TEST_F(Directory, ComesBackByTheDeadlineWhateverHangs) {
  SilentPort silent;
  for (const std::string& scheme : {"ldap://", "ldaps://", "start_tls"}) {
    LdapOptions hanging =
        options({(scheme == "start_tls" ? "ldap://" : scheme) + silent.address()});
    hanging.start_tls = scheme == "start_tls";
    const auto begun = Steady::now();
    const auto reply = LdapDirectory(hanging).check("alice", Secret("sesame"), within(300ms));
    EXPECT_LT(Steady::now() - begun, 5s) << scheme;
    EXPECT_EQ(error_of(reply).why, Why::unavailable) << scheme << error_of(reply).sentence;
    hanging.timeout = 200ms;
    EXPECT_EQ(error_of(LdapDirectory(hanging).check("alice", Secret("sesame"), within(60s))).why,
              Why::unavailable);
    EXPECT_LT(Steady::now() - begun, 10s) << scheme;
  }
}

// The beginning of an answer to the bind, 100 bytes long.
TEST_F(Directory, ComesBackByTheDeadlineInTheMiddleOfAMessage) {
  SilentPort silent("\x30\x64\x02");
  const std::jthread taker([&] {
    while (silent.connections() == 0) std::this_thread::sleep_for(5ms);
  });
  const auto begun = Steady::now();
  LdapDirectory directory(options({"ldap://" + silent.address()}));
  EXPECT_EQ(why(directory.check("alice", Secret("sesame"), within(500ms))),
            "unavailable timed_out");
  EXPECT_LT(Steady::now() - begun, 5s);
}

TEST_F(Directory, HearsThatTheServerStops) {
  SilentPort silent;
  std::stop_source stop;
  const std::jthread stopper([&] {
    while (silent.connections() == 0) std::this_thread::sleep_for(5ms);
    stop.request_stop();
  });
  CallLimits limits = within(60s);
  limits.stop = stop.get_token();
  const auto begun = Steady::now();
  LdapDirectory directory(options({"ldap://" + silent.address()}));
  EXPECT_EQ(error_of(directory.check("alice", Secret("sesame"), limits)).why, Why::unavailable);
  EXPECT_LT(Steady::now() - begun, 15s);
}

TEST_F(Directory, LetsSoManyWaitForItAndNoMore) {
  SilentPort silent;
  LdapOptions narrow = options({"ldap://" + silent.address()});
  narrow.max_connections = 1;
  LdapDirectory directory(narrow);
  std::stop_source stop;
  CallLimits limits = within(60s);
  limits.stop = stop.get_token();
  const std::jthread first(
      [&] { EXPECT_FALSE(directory.check("alice", Secret("sesame"), limits)); });
  while (silent.connections() == 0) std::this_thread::sleep_for(5ms);
  EXPECT_EQ(why(directory.check("alice", Secret("sesame"), within(50ms))), "unavailable busy");
  stop.request_stop();
}

TEST_F(Directory, ComesBackWithItsServer) {
  Slapd own{unit("people") + someone("alice", 1)};
  LdapDirectory directory(options({own.ldap()}));
  const auto check = [&](Duration span) {
    return directory.check("alice", Secret("sesame"), within(span));
  };
  EXPECT_TRUE(check(60s));
  own.stop();
  EXPECT_EQ(why(check(60s)), "unavailable no_answer");
  EXPECT_EQ(why(directory.look_up(uuid(1), within(60s))), "unavailable no_answer");
  own.start();
  EXPECT_TRUE(check(60s));
  own.freeze();
  EXPECT_EQ(why(check(300ms)), "unavailable timed_out");
  own.thaw();
  EXPECT_TRUE(check(60s));
}

TEST_F(Directory, TestSaysWhatIsFine) {
  LdapOptions tls = options({shared().ldap(), shared().ldap()});
  tls.start_tls = true;
  tls.ca_file.value = shared().ca_file();
  tls.allowed_groups = {"cn=matrix,ou=groups,dc=example,dc=org"};
  const auto fine = LdapDirectory(tls).test(within(60s));
  ASSERT_TRUE(fine) << error_of(fine).sentence;
  EXPECT_EQ(fine->size(), 8U);
  EXPECT_THAT(*fine, Contains(HasSubstr("encrypted with TLS")));
  EXPECT_THAT(*fine, Contains(HasSubstr("bind_dn signs in")));
  EXPECT_THAT(*fine, Contains(HasSubstr("(uid=*) finds people who have entryUUID")));
  EXPECT_THAT(*fine, Contains(HasSubstr("the groups are there")));
  EXPECT_THAT(*LdapDirectory(by_template()).test(within(60s)),
              Contains(HasSubstr("passwords are tried for uid={{ user }}")));
}

TEST_F(Directory, TestSaysWhatIsWrong) {
  const auto said = [](const LdapOptions& options) {
    const auto reply = LdapDirectory(options).test(within(60s));
    return reply ? "fine" : error_of(reply).sentence;
  };
  LdapOptions wrong = options();
  wrong.bind_password = Secret("wrong");
  EXPECT_THAT(said(wrong), HasSubstr("bind_dn and bind_password are refused"));
  wrong = options();
  wrong.base = "ou=empty,dc=example,dc=org";
  EXPECT_THAT(said(wrong), HasSubstr("finds nobody"));
  wrong.base = "ou=nowhere,dc=example,dc=org";
  EXPECT_THAT(said(wrong), HasSubstr("no entry where it searches"));
  wrong = options();
  wrong.subject = "objectGUID";
  EXPECT_THAT(said(wrong), HasSubstr("subject: objectGUID"));
  wrong = options();
  wrong.admin_groups = {"cn=typo,ou=groups,dc=example,dc=org"};
  EXPECT_THAT(said(wrong), HasSubstr("cn=typo"));
  EXPECT_THAT(said(options({shared().ldaps()})), HasSubstr("ca_file"));
  const std::string dead = "ldap://127.0.0.1:" + std::to_string(ldap::free_port());
  EXPECT_THAT(said(options({shared().ldap(), dead})), HasSubstr(dead));
}

TEST(ServerOrder, PutsWhatFailedLatelyBehindTheOthers) {
  ServerOrder order(3);
  const auto now = Steady::now();
  EXPECT_THAT(order.at(now), ElementsAre(0, 1, 2));
  order.failed(0, now);
  EXPECT_THAT(order.at(now), ElementsAre(1, 2, 0));
  order.failed(1, now + 1s);
  EXPECT_THAT(order.at(now + 1s), ElementsAre(2, 0, 1));
  EXPECT_THAT(order.at(now + 30s), ElementsAre(0, 2, 1));
  order.answered(1);
  EXPECT_THAT(order.at(now + 1s), ElementsAre(1, 2, 0));
}

}  // namespace
}  // namespace latchkey::outbound

#include "outbound/ldap/ldap_options.h"

#include "outbound/ldap/ldap_text.h"

namespace latchkey::outbound {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

LdapOptions good_options() {
  LdapOptions options;
  options.servers = {"ldap://127.0.0.1:389", "ldaps://ldap.example.org", "ldapi://%2Frun%2Fldapi"};
  options.base = "ou=people,dc=example,dc=org";
  options.bind_dn = "svc@corp.example";  // as Active Directory takes it
  options.bind_password = Secret("service");
  return options;
}

TEST(LdapOptions, TakeWhatDirectoriesNeed) {
  EXPECT_THAT(good_options().problems(), IsEmpty());
  LdapOptions options = good_options();
  options.filter = "(&(objectClass=user)(|(sAMAccountName={{user}})(mail={{ user }})))";
  options.allowed_groups = options.admin_groups = {"CN=Matrix Users,OU=Groups,DC=corp,DC=example"};
  options.group_filter = "(member:1.2.840.113556.1.4.1941:={{ dn }})";
  options.disabled_filter = "(userAccountControl:1.2.840.113556.1.4.803:=2)";
  options.subject = "objectGUID";
  EXPECT_THAT(options.problems(), IsEmpty());
  options.base.clear();
  options.dn_template = "cn={{ user }}+ou=x,ou=a\\,b,dc=example,dc=org";
  EXPECT_THAT(options.problems(), IsEmpty());
}

TEST(LdapOptions, SayWhatIsWrong) {
  const auto said = [](auto change) {
    LdapOptions options = good_options();
    change(options);
    return options.problems();
  };
  for (const std::string url :
       {"ldap.example.org", "http://ldap.example.org", "ldap://", "ldap://h/dc=example",
        "ldap://latchkey@h", "ldap://h:99999", "ldap://h1 ldap://h2", "ldapi:///run/ldapi",
        "ldap://h/??sub?(uid=x)", ""}) {
    EXPECT_THAT(said([&](auto& o) { o.servers = {url}; }),
                ElementsAre(HasSubstr("is not the address of a directory")))
        << url;
  }
  EXPECT_THAT(said([](auto& o) {
                o.servers = {"ldaps://h"};
                o.start_tls = true;
              }),
              ElementsAre(HasSubstr("start_tls")));
  EXPECT_THAT(said([](auto& o) { o.bind_password = {}; }),
              ElementsAre("bind_dn and bind_password belong together"));
  EXPECT_THAT(said([](auto& o) { o.base.clear(); }), ElementsAre(HasSubstr("base: must be given")));
  EXPECT_THAT(said([](auto& o) { o.base = "people"; }), ElementsAre(HasSubstr("base: 'people'")));
  for (const std::string filter :
       {"(uid={{ user }}", "uid={{ user }}", "(uid={{ user }})(a=b)", "({{ user }}=alice)",
        "{{ user }}", "(&(uid=a){{ user }})", "(uid={{ user )", "(uid=alice)", "(uid={{ name }})",
        "(&(uid={{ user }})(x={{ }}))", "({{ user }})"}) {
    EXPECT_FALSE(said([&](auto& o) { o.filter = filter; }).empty()) << filter;
  }
  for (const std::string name :
       {"{{ user }}@example.org", "{{ user }}=x,dc=org", "uid=alice,dc=org",
        "uid={{ user }},dc=org,", "uid={{ user }},{{ user }}=x", "uid={{ name }},dc=org",
        "{{ user }}", "uid={{ user }},x={{"}) {
    EXPECT_FALSE(said([&](auto& o) { o.dn_template = name; }).empty()) << name;
  }
  for (const std::string name : {"", "*", "+", "1.1", "uid)(x=*", "uid x"}) {
    EXPECT_FALSE(said([&](auto& o) { o.subject = name; }).empty()) << name;
    EXPECT_FALSE(said([&](auto& o) { o.attributes = {name}; }).empty()) << name;
  }
  for (const std::string name : {"dn", "entryDN", "distinguishedName", "DistinguishedName"}) {
    EXPECT_THAT(said([&](auto& o) { o.subject = name; }), ElementsAre(HasSubstr("subject: ")))
        << name;
  }
  EXPECT_THAT(said([](auto& o) { o.ca_file.value = "/no/such/ca.pem"; }),
              ElementsAre("ca_file: cannot read '/no/such/ca.pem': there is no such file"));
  EXPECT_THAT(said([](auto& o) { o.ca_file.value = "/etc/hostname"; }),
              ElementsAre("ca_file: '/etc/hostname' has no certificate (PEM)"));
  EXPECT_THAT(said([](auto& o) { o.allowed_groups = {"matrix"}; }),
              ElementsAre(HasSubstr("allowed_groups: 'matrix'")));
  EXPECT_THAT(said([](auto& o) { o.group_filter = "(member={{ dn }})"; }),
              ElementsAre(HasSubstr("says nothing without")));
  EXPECT_THAT(said([](auto& o) { o.disabled_filter = "(a={{ user }})"; }),
              ElementsAre(HasSubstr("disabled_filter")));
}

TEST(LdapText, PutsAValueInAsAValue) {
  const auto fill = [](std::string_view pattern, std::string value) {
    return ldap::fill_filter(pattern, [&](std::string_view) { return std::optional(value); });
  };
  EXPECT_EQ(fill("(uid={{ user }})", "alice"), "(uid=alice)");
  EXPECT_EQ(fill("(|(uid={{user}})(mail={{  user  }}))", "*"), "(|(uid=\\2A)(mail=\\2A))");
  EXPECT_EQ(fill("(uid={{ user }})", std::string("a(b)\\\0", 6)), "(uid=a\\28b\\29\\5C\\00)");
  EXPECT_EQ(fill("(uid={{ user }})", "{{ user }}"), "(uid={{ user }})");
  EXPECT_EQ(ldap::fill_dn("uid={{ user }},dc=org", "a,b=c+d"), "uid=a\\2Cb\\3Dc\\2Bd,dc=org");
  EXPECT_EQ(ldap::fill_dn("uid={{ user }},dc=org", " #x "), "uid=\\20#x\\20,dc=org");
  EXPECT_EQ(ldap::fill_dn("uid={{ user }},dc=org", "#x"), "uid=\\23x,dc=org");
}

TEST(LdapText, SaysAnyValueWhereThatCanBeSaid) {
  EXPECT_EQ(ldap::for_any_value("(&(a=b)(uid={{ user }}))"), "(&(a=b)(uid=*))");
  EXPECT_EQ(ldap::for_any_value("(mail={{ user }}@*)"), "(mail=*@*)");
  EXPECT_EQ(ldap::for_any_value("(mail=*{{ user }}*)"), "(mail=*)");
  EXPECT_EQ(ldap::for_any_value("(uid:caseExactMatch:={{ user }})"), std::nullopt);
  EXPECT_EQ(ldap::for_any_value("(uid~={{ user }})"), std::nullopt);
}

TEST(LdapText, WritesAndReadsHexadecimalDigits) {
  EXPECT_EQ(ldap::to_hex(std::string("\0\xff*", 3)), "00ff2a");
  EXPECT_EQ(ldap::from_hex("00ff2a"), std::string("\0\xff*", 3));
  for (const char* const text : {"0", "0g", "FF", "0x"})
    EXPECT_EQ(ldap::from_hex(text), std::nullopt);
}

}  // namespace
}  // namespace latchkey::outbound

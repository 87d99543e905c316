// The ways to say who one is, as a table (spec "Identifier types").
#include "endpoints/matrix/body.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace latchkey::matrix {
namespace {

// As "kind first second", or the error's sentence.
std::string read(std::string_view body) {
  const auto object = boost::json::parse(body).as_object();
  text::Fields fields(object);
  const auto who = read_identifier(fields);
  if (fields.error()) return "! " + fields.error()->sentence;
  if (!who) return "none";
  struct Shown {
    std::string operator()(const signin::UserName& name) { return "user " + name.user; }
    std::string operator()(const signin::ThirdParty& id) { return id.medium + " " + id.address; }
    std::string operator()(const signin::Phone& phone) {
      return "phone " + phone.country + " " + phone.number;
    }
    // No client says so.
    std::string operator()(const signin::KnownUser& user) { return "known " + user.localpart; }
  };
  return std::visit(Shown{}, *who);
}

struct Case {
  std::string_view body;
  std::string_view read;
};

constexpr Case kCases[] = {
    {R"({})", "none"},
    {R"({"identifier": {"type": "m.id.user", "user": "alice"}})", "user alice"},
    {R"({"identifier": {"type": "m.id.user", "user": ""}})", "user "},
    {R"({"identifier": {"type": "m.id.thirdparty", "medium": "email", "address": "a@b.c"}})",
     "email a@b.c"},
    {R"({"identifier": {"type": "m.id.phone", "country": "GB", "phone": "0770"}})",
     "phone GB 0770"},
    // An older spelling.
    {R"({"identifier": {"type": "m.id.phone", "country": "GB", "number": "0770"}})",
     "phone GB 0770"},
    {R"({"identifier": {"type": "m.id.phone", "country": "GB", "phone": "1", "number": "2"}})",
     "phone GB 1"},
    // Deprecated, at the top; the identifier goes before.
    {R"({"user": "alice"})", "user alice"},
    {R"({"medium": "email", "address": "a@b.c"})", "email a@b.c"},
    {R"({"user": "bob", "identifier": {"type": "m.id.user", "user": "alice"}})", "user alice"},
    {R"({"user": "bob", "medium": "email", "address": "a@b.c"})", "user bob"},

    {R"({"identifier": {}})", "! identifier.type: is missing"},
    {R"({"identifier": {"type": "m.id.user"}})", "! identifier.user: is missing"},
    {R"({"identifier": {"type": "m.id.user", "user": 7}})", "! identifier.user: expected a string"},
    {R"({"identifier": {"type": "m.id.thirdparty", "medium": "email"}})",
     "! identifier.address: is missing"},
    {R"({"identifier": {"type": "m.id.phone", "country": "GB"}})",
     "! identifier.phone: is missing"},
    {R"({"identifier": {"type": "m.id.pigeon", "user": "alice"}})",
     "! identifier.type: expected m.id.user, m.id.thirdparty or m.id.phone"},
    {R"({"identifier": "alice"})", "! identifier: expected an object"},
    {R"({"identifier": null})", "! identifier: expected an object"},
    {R"({"user": null})", "! user: expected a string"},
    {R"({"medium": "email"})", "! address: is missing"},
    {R"({"address": "a@b.c"})", "! medium: is missing"},
};

TEST(Identifier, IsReadFromABody) {
  for (const Case& one : kCases) EXPECT_EQ(read(one.body), one.read) << one.body;
}

TEST(Identifier, IsNotLongerThanAName) {
  const std::string longest(255, 'a');
  EXPECT_EQ(read(R"({"user": ")" + longest + "\"}"), "user " + longest);
  EXPECT_EQ(read(R"({"user": ")" + longest + "a\"}").substr(0, 7), "! user:");
}

TEST(DeviceId, IsALineThatIsNotEmpty) {
  EXPECT_TRUE(valid_device_id("PHONE"));
  EXPECT_TRUE(valid_device_id(std::string(255, 'a')));
  EXPECT_FALSE(valid_device_id(""));
  EXPECT_FALSE(valid_device_id(std::string(256, 'a')));
  EXPECT_FALSE(valid_device_id("PHO\nNE"));
}

}  // namespace
}  // namespace latchkey::matrix

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/config/config.h"
#include "platform/config/folder_testing.h"
#include "platform/config/sample_options.h"
#include "platform/error_testing.h"

namespace latchkey::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Field;

Errors errors_of(const std::string& yaml) {
  Sample sample;
  const auto loaded = load(yaml, "/etc/latchkey", sample);
  return loaded ? Errors{} : error_of(loaded);
}

TEST(Load, EachType) {
  Sample sample;
  const auto loaded = load(R"(
name: "true"
flag: true
whole: -10
positive: 4000000000
count: 100
big: -9223372036854775808
ratio: 0.75
list: ["unix:/run/latchkey.sock"]
size: 1MiB
colour: red
note: 123
deep:
  key: correct horse
  folder: ../lib/latchkey
  files: [irc.yaml, ./mail/../mail.yaml]
  inner: {lifetime: 1h, age: 30h, idle: never}
)",
                           "/etc/latchkey", sample);
  ASSERT_TRUE(loaded) << testing::PrintToString(error_of(loaded));
  EXPECT_EQ(sample.name, "true");
  EXPECT_TRUE(sample.flag);
  EXPECT_EQ(sample.whole, -10);
  EXPECT_EQ(sample.positive, 4'000'000'000U);
  EXPECT_EQ(sample.count, 100U);
  EXPECT_EQ(sample.big, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(sample.ratio, 0.75);
  EXPECT_THAT(sample.list, ElementsAre("unix:/run/latchkey.sock"));
  EXPECT_EQ(sample.size, 1U << 20);
  EXPECT_EQ(sample.colour, Colour::red);
  EXPECT_EQ(sample.note, "123");
  EXPECT_EQ(sample.deep.key.reveal(), "correct horse");
  EXPECT_EQ(sample.deep.folder.value, "/etc/lib/latchkey");
  EXPECT_THAT(sample.deep.files, ElementsAre(Field(&Path::value, "/etc/latchkey/irc.yaml"),
                                             Field(&Path::value, "/etc/latchkey/mail.yaml")));
  EXPECT_EQ(sample.deep.inner.lifetime, 1h);
  EXPECT_EQ(sample.deep.inner.age, Limit(30h));
  EXPECT_EQ(sample.deep.inner.idle, Limit());
}

struct Address {
  std::string url;

  template <class Visitor>
  void options(Visitor& visit) {
    visit("url", url, "The address.", required, Example{"https://example.com/"});
  }
};

TEST(Load, WhatIsRequiredIsNotEmpty) {
  Address address;
  const auto loaded = load("url: \"\"", "/", address);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(error_of(loaded), ElementsAre("line 1: url: must not be empty"));
}

TEST(Load, WhatIsNotNamedStays) {
  Sample sample;
  ASSERT_TRUE(load("name: here\ndeep:\n", "/etc/latchkey", sample));
  EXPECT_EQ(sample.count, 10U);
  EXPECT_EQ(sample.colour, Colour::green);
  EXPECT_EQ(sample.deep.inner.lifetime, 5min);
  EXPECT_EQ(sample.deep.inner.age, Limit());
}

TEST(Load, AbsolutePathsStay) {
  Sample sample;
  ASSERT_TRUE(load("name: here\ndeep: {folder: /var/lib/x, files: [/var/lib/y]}\n", "/etc/latchkey",
                   sample));
  EXPECT_EQ(sample.deep.folder.value, "/var/lib/x");
  EXPECT_THAT(sample.deep.files, ElementsAre(Field(&Path::value, "/var/lib/y")));
}

TEST(Load, SentenceOfEachError) {
  struct Row {
    std::string yaml;  // after a line "name: here"
    std::string sentence;
  };
  for (const auto& [yaml, sentence] : std::initializer_list<Row>{
           {"flag: yes", "line 2: flag: 'yes' is not true or false, try 'true'"},
           {"flag: Off", "line 2: flag: 'Off' is not true or false, try 'false'"},
           {"flag: maybe", "line 2: flag: 'maybe' is not true or false"},
           {"flag:", "line 2: flag: has no value, try 'false'"},
           {"flag: ~", "line 2: flag: has no value, try 'false'"},
           {"note:", "line 2: note: has no value, try 'a note'"},
           {"deep: {key: }", "line 2: deep.key: has no value"},
           {"flag: [true]", "line 2: flag: expected true or false"},
           {"whole: ten", "line 2: whole: 'ten' is not a whole number, try '-3'"},
           {"whole: 1.5", "line 2: whole: '1.5' is not a whole number, try '-3'"},
           {"whole: 010", "line 2: whole: '010' is not a whole number, try '10'"},
           {"whole: 11", "line 2: whole: '11' is outside -10 to 10"},
           {"whole: 99999999999", "line 2: whole: '99999999999' is too large, try '-3'"},
           {"whole: -99999999999", "line 2: whole: '-99999999999' is too small, try '-3'"},
           {"count: 1KiB", "line 2: count: '1KiB' is not a whole number, try '10'"},
           {"positive: 64KiB", "line 2: positive: '64KiB' is not a whole number, try '65536'"},
           {"positive: 1_000", "line 2: positive: '1_000' is not a whole number, try '1000'"},
           {"positive: -1", "line 2: positive: '-1' is negative, try '3'"},
           {"count: 0", "line 2: count: '0' is outside 1 to 100"},
           {"big: 9223372036854775808", "line 2: big: '9223372036854775808' is too large, try '1'"},
           {"ratio: much", "line 2: ratio: 'much' is not a number, try '0.5'"},
           {"ratio: nan", "line 2: ratio: 'nan' is not a number, try '0.5'"},
           {"ratio: 0.2", "line 2: ratio: '0.2' is outside 0.25 to 1"},
           {"list: here", "line 2: list: expected a list, try '[\"here\"]'"},
           {"list: {a: b}", "line 2: list: expected a list, try '[\"first\"]'"},
           {"list: []", "line 2: list: has 0 entries, allowed are 1 to 3 entries"},
           {"list: [[a]]", "line 2: list: expected a text in each place of the list"},
           {"list: [a, ~]", "line 2: list: expected a text in each place of the list"},
           {"list: [\"a\\0b\"]", "line 2: list: holds bytes that are no text"},
           {"deep: {files: here}", "line 2: deep.files: expected a list, try '[\"here\"]'"},
           {"deep:\n  files: [a, \"\"]",
            "line 3: deep.files: expected a text in each place of the list"},
           {"deep:\n  files: [\"a\\0b\"]", "line 3: deep.files: holds bytes that are no text"},
           {"deep: {files: [a, b, c]}",
            "line 2: deep.files: has 3 entries, allowed are 0 to 2 entries"},
           {"size: 64KB", "line 2: size: '64KB' is not a size, try '64KiB'"},
           {"size: 512 mb", "line 2: size: '512 mb' is not a size, try '64KiB'"},
           {"size: 1m", "line 2: size: '1m' is not a size, try '1MiB'"},
           {"size: large", "line 2: size: 'large' is not a size, try '64KiB'"},
           {"size: 1GiB", "line 2: size: '1GiB' is outside 1KiB to 1MiB"},
           {"colour: blue", "line 2: colour: 'blue' is not one of red, green"},
           {"colour: gren",
            "line 2: colour: 'gren' is not one of red, green, did you mean 'green'?"},
           {"note: {a: b}", "line 2: note: expected a text"},
           {"note: \"a\\0b\"", "line 2: note: holds bytes that are no text"},
           {"note: here", "name and note must differ"},
           {"colur: red", "line 2: colur: there is no such option, did you mean 'colour'?"},
           {"lifetime: 5m",
            "line 2: lifetime: there is no such option, did you mean 'deep.inner.lifetime'?"},
           {"sessions: 5m", "line 2: sessions: there is no such option"},
           {"[a]: b", "line 2: the file: a name of an option must be a plain text"},
           {"flag: true\nflag: true", "line 3: flag: is there twice"},
           {"deep: {}\ndeep: {}", "line 3: deep: is there twice"},
           {"deep: 5", "line 2: deep: expected options, each as 'name: value'"},
           {"deep: [5]", "line 2: deep: expected options, each as 'name: value'"},
           {"deep:\n  kye: xxxxxxxx",
            "line 3: deep.kye: there is no such option, did you mean 'key'?"},
           {"deep:\n  key_fil: x",
            "line 3: deep.key_fil: there is no such option, did you mean 'key_file'?"},
           {"deep:\n  key: \"\"", "line 3: deep.key: must not be empty"},
           {"deep:\n  key: short", "line 3: deep.key: has 5 bytes, allowed are 8 to 64 bytes"},
           {"deep:\n  key: [secret]", "line 3: deep.key: expected a secret"},
           {"deep:\n  key_file: /no/such/file",
            "line 3: deep.key_file: cannot read '/no/such/file': there is no such file"},
           {"deep:\n  key_file: none",
            "line 3: deep.key_file: cannot read '/etc/latchkey/none': there is no such file"},
           {"deep:\n  key_file: /", "line 3: deep.key_file: cannot read '/': it is a folder"},
           {"deep:\n  key_file: /dev/null", "line 3: deep.key_file: '/dev/null' is empty"},
           {"deep:\n  key_file:", "line 3: deep.key_file: expected the path of a file"},
           {"deep:\n  key: longenough\n  key_file: /dev/null",
            "line 4: deep.key_file: a secret is given in one way: itself, by _file or by _env"},
           {"deep:\n  inner:\n    lifetime: 5 parsecs",
            "line 4: deep.inner.lifetime: '5 parsecs' is not a duration, try '5m'"},
           {"deep:\n  inner:\n    lifetime: 300",
            "line 4: deep.inner.lifetime: '300' is not a duration, try '300s'"},
           {"deep:\n  inner:\n    lifetime: 30",
            "line 4: deep.inner.lifetime: '30' is not a duration, try '30s' or '30m'"},
           {"deep:\n  inner:\n    lifetime: 2 minutes",
            "line 4: deep.inner.lifetime: '2 minutes' is not a duration, try '2m'"},
           {"deep:\n  inner:\n    lifetime: 2 Hours",
            "line 4: deep.inner.lifetime: '2 Hours' is not a duration, try '5m'"},
           {"deep:\n  inner:\n    lifetime: 2h",
            "line 4: deep.inner.lifetime: '2h' is outside 1s to 1h"},
           {"deep:\n  inner:\n    lifetime: never",
            "line 4: deep.inner.lifetime: 'never' is not a duration, try '5m'"},
           {"deep:\n  inner:\n    age: forever",
            "line 4: deep.inner.age: 'forever' is not a duration, try '10d' or 'never'"},
           {"deep:\n  inner:\n    age: 30d", "line 4: deep.inner.age: '30d' is outside 1h to 10d"},
       }) {
    EXPECT_THAT(errors_of("name: here\n" + yaml + "\n"), ElementsAre(sentence)) << yaml;
  }
}

TEST(Load, SentencesAboutTheWholeFile) {
  EXPECT_THAT(errors_of(""), ElementsAre("name: is required, try 'name: example.com'"));
  EXPECT_THAT(errors_of("# nothing\n"), ElementsAre("name: is required, try 'name: example.com'"));
  EXPECT_THAT(errors_of("name: \"\""),
              ElementsAre("line 1: name: has 0 bytes, allowed are 1 to 20 bytes"));
  EXPECT_THAT(errors_of("- name: here"),
              ElementsAre("line 1: the file: expected options, each as 'name: value'"));
  EXPECT_THAT(errors_of("here"),
              ElementsAre("line 1: the file: expected options, each as 'name: value'"));
  EXPECT_THAT(errors_of("name: here\n---\nname: there\n"),
              ElementsAre("the file holds several YAML documents ('---')"));
  EXPECT_THAT(errors_of("name: here\nlist: [open\n"),
              ElementsAre(testing::StartsWith("line 3: this is not YAML: ")));
  EXPECT_THAT(errors_of("name: *nobody\n"),
              ElementsAre(testing::StartsWith("line 1: this is not YAML: ")));
}

TEST(Load, ReportsEveryError) {
  EXPECT_THAT(errors_of("flag: 1\ndeep:\n  inner:\n    idle: 5\n  keys: 1\ncount: 0\n"),
              ElementsAre("line 1: flag: '1' is not true or false, try 'true'",
                          "line 4: deep.inner.idle: '5' is not a duration, try '5s' or '5m' or "
                          "'never'",
                          "line 5: deep.keys: there is no such option, did you mean 'key'?",
                          "line 6: count: '0' is outside 1 to 100",
                          "name: is required, try 'name: example.com'"));
}

TEST(Load, RulesBetweenOptions) {
  EXPECT_THAT(errors_of("name: here\nnote: here\ndeep: {inner: {lifetime: 1h, age: 1h}}\n"),
              ElementsAre("name and note must differ"));
  EXPECT_THAT(errors_of("name: here\ndeep:\n  inner: {lifetime: 1h, age: 59m}\n"),
              ElementsAre("line 3: deep.inner.age: '59m' is outside 1h to 10d"));
  struct Narrow {
    Inner inner{.lifetime = 2h, .age = 1h};
    void options(Visitor& visit) { visit.group("inner", inner, "Inner."); }
  } narrow;
  EXPECT_THAT(error_of(load("", "/", narrow)),
              ElementsAre("inner: age must not be less than lifetime"));
}

TEST(Load, SecretsNeverShowInErrors) {
  for (const auto& error : errors_of("name: here\ndeep: {key: hunter2}\n")) {
    EXPECT_EQ(error.find("hunter2"), error.npos) << error;
  }
}

TEST(Load, RequiredSecrets) {
  struct Vault {
    Secret key;
    void options(Visitor& visit) { visit("key", key, "The key.", required); }
  };
  Vault vault;
  EXPECT_THAT(error_of(load("", "/", vault)),
              ElementsAre("key: is required; give key, key_file or key_env"));
  EXPECT_TRUE(load("key: x", "/", vault));
}

TEST(Load, SecretsFromFiles) {
  const TemporaryFolder folder;
  for (const auto& [written, read] : std::initializer_list<std::pair<std::string, std::string>>{
           {"correct horse", "correct horse"},
           {"correct horse\n", "correct horse"},
           {"correct horse\r\n", "correct horse"},
           {"correct horse\n\n", "correct horse\n"},
           {" correct horse ", " correct horse "}}) {
    folder.write("key", written);
    Sample sample;
    const auto loaded = load("name: x\ndeep: {key_file: key}\n", folder.path(), sample);
    ASSERT_TRUE(loaded) << testing::PrintToString(error_of(loaded));
    EXPECT_EQ(sample.deep.key.reveal(), read);
  }
  folder.write("key", "short\n");
  Sample sample;
  EXPECT_THAT(error_of(load("name: x\ndeep: {key_file: key}\n", folder.path(), sample)),
              ElementsAre("line 2: deep.key_file: has 5 bytes, allowed are 8 to 64 bytes"));
  folder.write("key", "long enough");
  EXPECT_THAT(
      error_of(load("name: x\ndeep: {key_file: key, key: longenough}\n", folder.path(), sample)),
      ElementsAre("line 2: deep.key: a secret is given in one way: itself, by _file or by _env"));
}

// Of one test; other variables are nobody's business.
class Variable {
 public:
  explicit Variable(const char* text) { ::setenv(kName, text, 1); }
  ~Variable() { ::unsetenv(kName); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

  static constexpr const char* kName = "LATCHKEY_LOAD_TEST";
};

TEST(Load, SecretsFromTheEnvironment) {
  const std::string yaml = "name: x\ndeep: {key_env: LATCHKEY_LOAD_TEST}\n";
  EXPECT_THAT(errors_of(yaml),
              ElementsAre("line 2: deep.key_env: the environment variable 'LATCHKEY_LOAD_TEST' is "
                          "not set"));
  {
    const Variable variable("correct horse");
    Sample sample;
    const auto loaded = load(yaml, "/", sample);
    ASSERT_TRUE(loaded) << testing::PrintToString(error_of(loaded));
    EXPECT_EQ(sample.deep.key.reveal(), "correct horse");
    EXPECT_THAT(errors_of("name: x\ndeep: {key_env: LATCHKEY_LOAD_TEST, key_file: /dev/null}\n"),
                ElementsAre("line 2: deep.key_file: a secret is given in one way: itself, by _file "
                            "or by _env"));
  }
  {
    const Variable variable("hunter2");
    EXPECT_THAT(errors_of(yaml),
                ElementsAre("line 2: deep.key_env: has 7 bytes, allowed are 8 to 64 bytes"));
  }
  const Variable variable("");
  EXPECT_THAT(
      errors_of(yaml),
      ElementsAre("line 2: deep.key_env: the environment variable 'LATCHKEY_LOAD_TEST' is empty"));
  for (const char* const name : {"''", "A-B", "1A", "$A", "[A]", "'A=B'"}) {
    EXPECT_THAT(errors_of("name: x\ndeep: {key_env: " + std::string(name) + "}\n"),
                ElementsAre("line 2: deep.key_env: expected the name of an environment variable"))
        << name;
  }
}

TEST(Load, FindsTheServerWithoutItsSecrets) {
  Sample sample;
  const auto loaded = load("name: x\nnote: x\ndeep: {key_env: LATCHKEY_LOAD_TEST, folder: a}\n",
                           "/", sample, Reading::to_find_the_server);
  ASSERT_TRUE(loaded) << testing::PrintToString(error_of(loaded));
  EXPECT_EQ(sample.deep.folder.value, "/a");
  EXPECT_TRUE(sample.deep.key.empty());
  EXPECT_THAT(error_of(load("name: [x]\n", "/", sample, Reading::to_find_the_server)),
              ElementsAre("line 1: name: expected a text"));
}

TEST(Load, Files) {
  const TemporaryFolder folder;
  folder.write("latchkey.yaml", "name: here\ndeep: {folder: data}\n");
  Sample sample;
  const auto loaded = load_file(folder.path("latchkey.yaml"), sample);
  ASSERT_TRUE(loaded) << testing::PrintToString(error_of(loaded));
  EXPECT_EQ(sample.deep.folder.value, folder.path("data"));
  EXPECT_THAT(error_of(load_file("/no/such/file", sample)),
              ElementsAre("cannot be read: there is no such file"));
  EXPECT_THAT(error_of(load_file("/", sample)), ElementsAre("cannot be read: it is a folder"));
  EXPECT_THAT(error_of(load_file("/proc/self/mem", sample)),  // opens, but gives an error
              ElementsAre(testing::StartsWith("cannot be read: ")));
}

TEST(Load, ATabIsCalledATab) {
  for (const auto* yaml :
       {"name: here\ndeep:\n\tkey: longenough\n", "name: here\ndeep:\n  \tkey: longenough\n",
        "name: here\ndeep:\n\tinner:\n\t\tlifetime: 5m\n"}) {
    EXPECT_THAT(errors_of(yaml),
                ElementsAre("line 3: is indented with a tab, and YAML takes spaces only"))
        << yaml;
  }
  // Where YAML allows one there is nothing to say of it.
  EXPECT_THAT(errors_of("name:\there\nflag: true\t# yes\n"), ElementsAre());
}

TEST(Load, RulesBetweenOptionsNameTheLine) {
  struct Outer {
    Inner inner;
    void options(Visitor& visit) { visit.group("inner", inner, "Inner."); }
    std::vector<std::string> problems() const { return {"inner.idle: is wrong", "inner: too"}; }
  } outer;
  EXPECT_THAT(error_of(load("\ninner:\n  lifetime: 5m\n  idle: 2h\n", "/", outer)),
              ElementsAre("line 4: inner.idle: is wrong", "line 2: inner: too"));
  // What the file leaves out is found at its group.
  EXPECT_THAT(error_of(load("\ninner: {lifetime: 5m}\n", "/", outer)),
              ElementsAre("line 2: inner.idle: is wrong", "line 2: inner: too"));
}

TEST(Load, ValuesAreAsTheFileHasThemWithoutSecrets) {
  Sample sample;
  sample.deep.inner.age = 2h;
  sample.deep.key = Secret(std::string_view("swordfish"));
  const auto shown = values(sample);
  EXPECT_EQ(shown.at("deep.inner.age"), "2h");
  EXPECT_FALSE(shown.contains("deep.key"));
}

TEST(Load, DifferencesNameTheOptions) {
  Sample before;
  Sample after = before;
  EXPECT_THAT(differences(before, after), ElementsAre());
  after.count = 11;
  after.deep.inner.age = 2h;
  after.deep.key = Secret(std::string_view("another one"));
  EXPECT_THAT(differences(before, after), ElementsAre("count", "deep.inner.age", "deep.key"));
}

}  // namespace
}  // namespace latchkey::config

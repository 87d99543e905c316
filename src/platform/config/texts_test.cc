#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "platform/config/config.h"
#include "platform/config/sample_options.h"
#include "platform/config/suggestion.h"
#include "platform/error_testing.h"

namespace latchkey::config {
namespace {

using testing::HasSubstr;

TEST(Example, ShowsEveryOptionWithItsDefault) {
  EXPECT_EQ(example<Deep>(), R"(# The inner group.
inner:
  # How long a token lives. A duration, 1s to 1h.
  lifetime: 5m

  # The greatest age. A duration or never, 1h to 10d.
  age: never

  # The longest rest. A duration or never.
  idle: 1h

# The key. A secret, 8 to 64 bytes.
# key: …
# key_env: KEY
# key_file: key

# Where files go. A path.
folder: data

# More files. A list of paths, 0 to 2 entries.
# files: ["a.yaml"]
)");
  const std::string text = example<Sample>();
  EXPECT_THAT(text, HasSubstr("\nlist: [\"127.0.0.1:8008\", \"[::1]:8008\"]\n"));
  EXPECT_THAT(text, HasSubstr("name: example.com\n"));
  EXPECT_THAT(text, HasSubstr("\n# note: a note\n"));
}

TEST(Example, LoadsAsTheDefaults) {
  Sample loaded;
  loaded.flag = true;
  loaded.count = 11;
  loaded.size = 1024;
  loaded.colour = Colour::red;
  loaded.list.clear();
  loaded.deep.inner.age = std::chrono::hours(2);
  const auto result = load(example<Sample>(), "/etc", loaded);
  ASSERT_TRUE(result) << testing::PrintToString(error_of(result));
  Sample expected;
  expected.name = "example.com";
  expected.deep.folder.value = "/etc/data";
  EXPECT_EQ(reference(loaded), reference(expected));
  EXPECT_EQ(loaded.name, expected.name);
}

TEST(Example, LinesAreShort) {
  struct Wordy {
    bool flag = false;
    void options(Visitor& visit) {
      std::string sentence;
      for (int i = 0; i < 100; ++i) sentence += "word ";
      visit("flag", flag, sentence + std::string(150, 'x'));
    }
  };
  std::istringstream lines(example<Wordy>());
  std::string line;
  std::size_t count = 0;
  while (std::getline(lines, line)) {
    EXPECT_TRUE(line.size() <= 100 || line.find("xxx") != line.npos) << line;
    EXPECT_TRUE(line.starts_with("# ") || line == "flag: false") << line;
    ++count;
  }
  EXPECT_GT(count, 6U);
}

TEST(Reference, HasARowForEachOption) {
  const std::string text = reference<Sample>();
  EXPECT_THAT(text, HasSubstr("| `name` | a text | required | 1 to 20 bytes | The name. |\n"));
  EXPECT_THAT(text, HasSubstr("| `colour` | one of red, green | `green` |  | Red \\| green. |\n"));
  EXPECT_THAT(text, HasSubstr("\n## deep.inner\n\nThe inner group.\n\n| Option |"));
  EXPECT_THAT(text, HasSubstr("| `deep.key`, `deep.key_file` or `deep.key_env` | a secret | none | "
                              "8 to 64 bytes | The key. |\n"));
  EXPECT_THAT(text, HasSubstr("| `deep.files` | a list of paths | none | 0 to 2 entries | "));
  EXPECT_THAT(text, HasSubstr("| `deep.inner.age` | a duration or never | `never` | 1h to 10d | "));
  EXPECT_THAT(text, HasSubstr("| `size` | a size | `64KiB` | 1KiB to 1MiB | How large. |\n"));
}

TEST(Reference, ShowsTheDefaultOfAListOfPaths) {
  Sample sample;
  sample.deep.files = {{"a.yaml"}, {"b.yaml"}};
  EXPECT_THAT(reference(sample), HasSubstr("| a list of paths | `[\"a.yaml\", \"b.yaml\"]` |"));
}

TEST(Reference, NeverShowsASecret) {
  Sample sample;
  sample.deep.key = Secret("hunter2");
  EXPECT_EQ(reference(sample).find("hunter2"), std::string::npos);
  EXPECT_EQ(example(sample).find("hunter2"), std::string::npos);
}

TEST(Suggest, TheNearestIfItIsNear) {
  const std::vector<std::string> names = {"max_body", "max_headers", "listen", "log"};
  EXPECT_EQ(suggest("max_bdy", names), "max_body");
  EXPECT_EQ(suggest("mxa_body", names), "max_body");
  EXPECT_EQ(suggest("max_header", names), "max_headers");
  EXPECT_EQ(suggest("lisen", names), "listen");
  EXPECT_EQ(suggest("lgo", names), "log");
  EXPECT_EQ(suggest("database", names), std::nullopt);
  EXPECT_EQ(suggest("", names), std::nullopt);
  EXPECT_EQ(suggest(std::string(100'000, 'x'), names), std::nullopt);
}

}  // namespace
}  // namespace latchkey::config

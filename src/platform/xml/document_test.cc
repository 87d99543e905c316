#include "platform/xml/document.h"

#include "platform/error_testing.h"

namespace latchkey::xml {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::size_t kMost = 10'000;

TEST(Document, IsReadByNamesAndNamespaces) {
  const auto document = read(
      "<a:x xmlns:a=\"urn:a\" xmlns:b=\"urn:b\" a:id=\"other\" id=\"1 &amp; 2\"><a:y>one</a:y>"
      "<b:y/><a:z> t<!-- no -->wo <?no?></a:z></a:x>",
      kMost);
  ASSERT_TRUE(document);
  const Node root = document->root();
  EXPECT_TRUE(is(root, "urn:a", "x"));
  EXPECT_FALSE(is(root, "urn:b", "x"));
  EXPECT_FALSE(is(root, "", "x"));
  EXPECT_EQ(elements_in(root).size(), 3);
  EXPECT_EQ(text_in(only(root, "urn:a", "y"), 10), "one");
  EXPECT_EQ(text_in(only(root, "urn:a", "z"), 10), "two");
  EXPECT_EQ(text_in(only(root, "urn:a", "z"), 3), std::nullopt);
  EXPECT_EQ(text_in(root, 100), std::nullopt);
  EXPECT_EQ(attribute(root, "id"), "1 & 2");
  EXPECT_EQ(attribute(root, "no"), std::nullopt);
  std::vector<std::string_view> names;
  for (const Node node : all_below(root)) names.push_back(name_of(node));
  EXPECT_THAT(names, ElementsAre("x", "y", "y", "z"));
}

TEST(Document, HasTextsWithoutTheSpaceAroundThemAndNothingElse) {
  const auto document = read("<x> \n\ta b\u200b\u00a0\r\n </x>", kMost);
  ASSERT_TRUE(document);
  EXPECT_EQ(text_in(document->root(), 100), "a b\u200b\u00a0");
  EXPECT_EQ(text_in(read("<x> </x>", kMost)->root(), 100), "");
}

TEST(Document, OnlyIsNoneOfSeveral) {
  const auto document = read("<x xmlns=\"u\"><y/><y/></x>", kMost);
  ASSERT_TRUE(document);
  EXPECT_EQ(only(document->root(), "u", "y"), nullptr);
  EXPECT_EQ(elements_in(document->root(), "u", "y").size(), 2);
}

TEST(Document, WithATypeIsRefused) {
  for (const char* const type : {"<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>",
                                 "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY e \"&a;&a;&a;&a;\">]>",
                                 "<!DOCTYPE x SYSTEM \"http://127.0.0.1:1/x.dtd\">"}) {
    EXPECT_THAT(error_of(read(std::string(type) + "<x>&e;</x>", kMost)),
                HasSubstr("document type"));
  }
}

TEST(Document, OfOtherBytesIsRefused) {
  EXPECT_EQ(error_of(read("", kMost)), "is not XML");
  EXPECT_EQ(error_of(read("<x>", kMost)), "is not XML");
  EXPECT_EQ(error_of(read("<x>&e;</x>", kMost)), "is not XML");
  EXPECT_EQ(error_of(read("<x>\xff</x>", kMost)), "is not UTF-8");
  EXPECT_EQ(error_of(read(std::string("<x>\0</x>", 8), kMost)), "is not UTF-8");
  EXPECT_EQ(error_of(read("<x></x>", 6)), "is too long");
  std::string deep;
  for (int i = 0; i < 5'000; ++i) deep += "<x>";
  for (int i = 0; i < 5'000; ++i) deep += "</x>";
  EXPECT_EQ(error_of(read(deep, 100'000)), "is not XML");
}

TEST(Document, EscapesWhatItWrites) {
  const std::string text = "a <b> & \"c\" 'd'\n\te";
  const auto document = read("<x y=\"" + escaped(text) + "\">" + escaped(text) + "</x>", kMost);
  ASSERT_TRUE(document);
  EXPECT_EQ(attribute(document->root(), "y"), text);
  EXPECT_EQ(text_in(document->root(), 100), text);
}

}  // namespace
}  // namespace latchkey::xml

#include "domain/ends/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "domain/ends/journal_line.h"
#include "platform/db/database.h"

namespace latchkey::ends {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

class JournalTest : public ::testing::Test {
 protected:
  ~JournalTest() override { std::filesystem::remove_all(folder_); }

  Journal journal(std::uint64_t most = 1'000'000) {
    return {path_, most, [this](std::string_view sentence) { dropped_.emplace_back(sentence); }};
  }
  static std::string make_folder() {
    std::string name = std::filesystem::temp_directory_path() / "latchkey-journal-XXXXXX";
    return ::mkdtemp(name.data());
  }

  const std::string folder_ = make_folder();
  const std::string path_ = folder_ + "/ends";
  std::vector<std::string> dropped_;
};

TEST_F(JournalTest, KeepsWhatWasAppendedAcrossStarts) {
  {
    Journal first = journal();
    first.append({"one", "two"});
    first.append({});
  }
  Journal again = journal();
  again.append({"three"});
  EXPECT_THAT(lines_of(path_), ElementsAre("one", "two", "three"));
  struct stat info{};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(JournalTest, BeginsALineOfItsOwnBehindOneThatWasCutOff) {
  std::ofstream(path_) << "whole\nhal";
  journal().append({"next"});
  EXPECT_THAT(lines_of(path_), ElementsAre("whole", "hal", "next"));
}

TEST_F(JournalTest, IsPutAsideWhenItIsLargeAndDropsTheOldest) {
  Journal small = journal(10);
  for (int i = 0; i <= Journal::kKept + 1; ++i) small.append({"line " + std::to_string(i)});
  EXPECT_THAT(lines_of(path_), ElementsAre("line 10"));
  EXPECT_THAT(lines_of(path_ + ".1"), ElementsAre("line 9"));
  EXPECT_THAT(lines_of(path_ + ".9"), ElementsAre("line 1"));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".10"));
  EXPECT_THAT(dropped_, ElementsAre(HasSubstr(path_ + ".9")));
}

// A server and a command, or an operator who moves it away by hand.
TEST_F(JournalTest, FollowsTheNameWhenSomebodyElseHasPutTheFileAside) {
  Journal here = journal(10);
  Journal there = journal(10);
  here.append({"line 1"});
  there.append({"line 2"});
  here.append({"line 3"});
  EXPECT_THAT(lines_of(path_), ElementsAre("line 3"));
  EXPECT_THAT(lines_of(path_ + ".1"), ElementsAre("line 2"));
  EXPECT_THAT(lines_of(path_ + ".2"), ElementsAre("line 1"));
  std::filesystem::remove(path_);
  there.append({"line 4"});
  EXPECT_THAT(lines_of(path_), ElementsAre("line 4"));
}

TEST_F(JournalTest, TakesLinesOfSeveralThreads) {
  Journal all = journal();
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < 20; ++i) all.append({std::to_string(thread), "and its second line"});
      });
    }
  }
  EXPECT_EQ(lines_of(path_).size(), 160U);
}

// As a full disk does, by a limit of the process.
TEST_F(JournalTest, HasNothingOfWhatTheDiskDidNotTake) {
  Journal full = journal();
  full.append({"first"});
  const auto size = std::filesystem::file_size(path_);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{.rlim_cur = size + 10, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &limit);
  EXPECT_THAT([&] { full.append({"a line that is longer than what is left"}); },
              ThrowsMessage<db::Unavailable>(HasSubstr(path_)));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(lines_of(path_), ElementsAre("first"));
  full.append({"there is room again"});
  EXPECT_THAT(lines_of(path_), ElementsAre("first", "there is room again"));
}

TEST_F(JournalTest, ThatCannotBeMadeIsRefused) {
  EXPECT_THAT([&] { Journal(folder_ + "/no folder/ends", 1, [](std::string_view) {}); },
              ThrowsMessage<db::Refused>(HasSubstr("sessions.ends_journal")));
}

TEST(JournalLine, IsReadAsItWasWritten) {
  const Line session{.what = What::session,
                     .at = Time{1'700'000'000'123ms},
                     .user = UserId{42},
                     .name = "alice",
                     .session = SessionId{77},
                     .device_id = "PHONE \"1\"",
                     .browser = {},
                     .how = Ended::for_good,
                     .why = EndReason::logout};
  const auto read = parse_line(format_line(session));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->what, What::session);
  EXPECT_EQ(read->at, session.at);
  EXPECT_EQ(read->user, session.user);
  EXPECT_EQ(read->name, "alice");
  EXPECT_EQ(read->session, session.session);
  EXPECT_EQ(read->device_id, session.device_id);
  EXPECT_EQ(read->how, Ended::for_good);
  EXPECT_EQ(read->why, EndReason::logout);
  for (const What what : {What::locked, What::unlocked, What::deactivated, What::erased,
                          What::reactivated, What::password}) {
    const auto of = parse_line(format_line({.what = what, .at = session.at, .user = UserId{42}}));
    ASSERT_TRUE(of);
    EXPECT_EQ(of->what, what);
  }
  EXPECT_TRUE(parse_line(format_line({.what = What::everybody, .at = session.at})));
}

TEST(JournalLine, ThatIsNotWholeIsNone) {
  const std::string whole = format_line({.what = What::session,
                                         .at = Time{1'700'000'000'123ms},
                                         .user = UserId{42},
                                         .session = SessionId{77},
                                         .how = Ended::softly,
                                         .why = EndReason::token_reuse});
  ASSERT_TRUE(parse_line(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_line(whole.substr(0, size))) << size;
  }
  for (const char* text : {"{}", "[]", "null", R"({"what": "session ended"})",
                           R"({"at": "2026-01-01T00:00:00Z", "what": "account locked"})",
                           R"({"at": "yesterday", "what": "everybody signed out"})"}) {
    EXPECT_FALSE(parse_line(text)) << text;
  }
}

}  // namespace
}  // namespace latchkey::ends

// Linked to every program of unit tests that tools/mutants.py builds: which mistaken places each
// test comes by, as JSON in the file that LATCHKEY_MISTAKES_BY_TEST names. What happens while a
// suite is set up counts for all tests of the suite; what happens before main(), for all tests. A
// test that fails is left out.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>

#include "mistake.h"

namespace {

using Places = std::set<std::size_t>;

// Those since the last call.
Places take() {
  Places taken;
  volatile char* const bytes = latchkey::mutants::reached();
  for (std::size_t i = 0; i < latchkey::mutants::kBytesOfReached; ++i) {
    if (bytes[i] == 0) continue;
    bytes[i] = 0;
    taken.insert(i);
  }
  return taken;
}

class Reached : public testing::EmptyTestEventListener {
 public:
  explicit Reached(const char* path) : out_(path) { out_ << '{'; }

  void OnTestProgramStart(const testing::UnitTest&) override { of_program_ = take(); }
  void OnTestSuiteStart(const testing::TestSuite&) override {
    of_program_.merge(take());
    of_suite_.clear();
    set_up_ = false;
  }
  void OnTestStart(const testing::TestInfo&) override {
    if (!set_up_) of_suite_ = take();
    set_up_ = true;
  }
  void OnTestEnd(const testing::TestInfo& test) override {
    Places places = take();
    if (test.result()->Failed()) return;
    places.insert(of_program_.begin(), of_program_.end());
    places.insert(of_suite_.begin(), of_suite_.end());
    // No name of a test needs escaping.
    out_ << comma_ << "\n\"" << test.test_suite_name() << '.' << test.name() << "\": [";
    comma_ = ",";
    const char* comma = "";
    for (const std::size_t place : places) {
      out_ << comma << place;
      comma = ",";
    }
    out_ << ']';
  }
  void OnTestProgramEnd(const testing::UnitTest&) override { out_ << "\n}\n" << std::flush; }

 private:
  std::ofstream out_;
  const char* comma_ = "";
  Places of_program_;
  Places of_suite_;
  bool set_up_ = false;
};

const bool listening = [] {
  const char* const path = std::getenv("LATCHKEY_MISTAKES_BY_TEST");
  if (path == nullptr || latchkey::mutants::reached() == nullptr) return false;
  testing::UnitTest::GetInstance()->listeners().Append(new Reached(path));
  return true;
}();

}  // namespace

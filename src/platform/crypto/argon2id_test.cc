#include "platform/crypto/argon2id.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

namespace latchkey::crypto {
namespace {

constexpr Argon2Params kCheap{.memory = 64, .passes = 1, .lanes = 1};

TEST(Argon2id, HashesAndVerifies) {
  using namespace std::string_literals;
  for (const auto& password :
       {""s, "secret"s, "with\0zero"s, "p\xc3\xa4ssword"s, std::string(kMaxPassword, 'x')}) {
    const std::string phc = argon2id_hash(password, kCheap);
    EXPECT_TRUE(phc.starts_with("$argon2id$v=19$m=64,t=1,p=1$")) << phc;
    EXPECT_EQ(argon2id_verify(phc, password, kCheap), Verdict::yes);
    EXPECT_EQ(argon2id_verify(phc, "another", kCheap), Verdict::no);
    EXPECT_EQ(argon2id_verify(phc, password.substr(0, 4) + "?", kCheap), Verdict::no);
  }
}

TEST(Argon2id, SaltsEachHash) {
  EXPECT_NE(argon2id_hash("secret", kCheap), argon2id_hash("secret", kCheap));
}

TEST(Argon2id, AsksForARehash) {
  const std::string phc = argon2id_hash("secret", kCheap);
  for (const Argon2Params& other :
       {Argon2Params{65, 1, 1}, Argon2Params{64, 2, 1}, Argon2Params{64, 1, 2}}) {
    EXPECT_EQ(argon2id_verify(phc, "secret", other), Verdict::yes_but_rehash);
    EXPECT_EQ(argon2id_verify(phc, "wrong", other), Verdict::no);
  }
}

TEST(Argon2id, VerifiesWhatOthersHashed) {
  // Another length of salt and hash: echo -n password | argon2 somesalt -id -t 2 -k 256 -p 2 -l 24
  const std::string_view phc =
      "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$5cmjPIOJnS9cibudqE+DN3oCkFOfh2Mv";
  EXPECT_EQ(argon2id_verify(phc, "password", kCheap), Verdict::yes_but_rehash);
  EXPECT_EQ(argon2id_verify(phc, "Password", kCheap), Verdict::no);
}

TEST(Argon2id, RefusesWhatIsNoHash) {
  const std::string good = argon2id_hash("secret", kCheap);
  for (const std::string& phc :
       {std::string(), std::string("secret"), good + "x", good.substr(0, good.size() - 1),
        good.substr(0, good.rfind('$')), "$argon2i" + good.substr(9),
        std::string("$2b$12$abcdefghijklmnopqrstuv"), std::string("$argon2id$v=19$m=64,t=1,p=1$$"),
        // More memory than any option allows: refused before it is taken.
        "$argon2id$v=19$m=4294967295,t=1,p=1" + good.substr(good.find('$', 16))}) {
    EXPECT_EQ(argon2id_verify(phc, "secret", kCheap), Verdict::no) << phc;
  }
}

TEST(Argon2id, LongPasswordsAreErrors) {
  const std::string longer(kMaxPassword + 1, 'x');
  EXPECT_THROW(argon2id_hash(longer, kCheap), std::length_error);
  EXPECT_THROW(argon2id_verify("", longer, kCheap), std::length_error);
}

TEST(Argon2id, ImpossibleParametersAreFaults) {
  EXPECT_THROW(argon2id_hash("secret", {.memory = 64, .passes = 0}), std::runtime_error);
}

// The password may be right: nobody is told that it is wrong, and nothing is counted.
TEST(Argon2id, WhereMemoryIsShortIsAFault) {
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  GTEST_SKIP() << "the sanitizer needs more addresses than a limit would leave";
#endif
  std::string phc = argon2id_hash("secret", kCheap);
  phc.replace(phc.find("m=64"), 4, "m=4194304");  // 4 GiB
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &before), 0);
  rlimit less = before;
  less.rlim_cur = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + (64U << 20);
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &less), 0);
  EXPECT_THROW(argon2id_verify(phc, "secret", kCheap), std::runtime_error);
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &before), 0);
}

TEST(PasswordHashOptions, Defaults) {
  PasswordHashOptions options;
  EXPECT_EQ(options.params(), Argon2Params{});
  EXPECT_GE(options.threads(), 1U);
  options.hash_threads = 3;
  EXPECT_EQ(options.threads(), 3U);
}

}  // namespace
}  // namespace latchkey::crypto

// A closed-loop load generator: one thread, keep-alive connections, a different token in each
// request, the server's CPU time beside the rate. Prints one JSON object.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>
#include <string>

#include "bench/load_client.h"

namespace latchkey::bench {
namespace {

constexpr std::string_view placeholder = "{}";

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

RequestTemplate parse_template(const std::string& text) {
  const std::size_t at = text.find(placeholder);
  if (at == std::string::npos) return {text, ""};
  return {text.substr(0, at), text.substr(at + placeholder.size())};
}

std::vector<std::string> lines(const std::string& path, std::size_t limit) {
  std::vector<std::string> found;
  std::ifstream file(path);
  for (std::string line; (limit == 0 || found.size() < limit) && std::getline(file, line);) {
    found.push_back(line);
  }
  if (found.empty()) throw std::runtime_error("no lines in " + path);
  return found;
}

void print(const LoadResult& result) {
  const auto requests = static_cast<double>(std::max<std::uint64_t>(result.requests, 1));
  const auto micros = [&](double share) {
    return static_cast<double>(result.latency.percentile(share)) / 1000;
  };
  std::printf(
      "{\"requests\": %llu, \"not_ok\": %llu, \"seconds\": %.6f, \"rate\": %.1f, "
      "\"cpu_us\": %.3f, \"cpu_share\": %.3f, \"p50_us\": %.1f, \"p99_us\": %.1f, "
      "\"p999_us\": %.1f}\n",
      static_cast<unsigned long long>(result.requests),
      static_cast<unsigned long long>(result.not_ok), result.seconds, requests / result.seconds,
      result.cpu_seconds * 1e6 / requests, result.cpu_seconds / result.seconds, micros(0.5),
      micros(0.99), micros(0.999));
}

int run(int argc, char** argv) {
  LoadPlan plan;
  std::string request_file;
  std::string words_file;
  std::string answer_file;
  std::size_t words_limit = 0;
  double seconds = 0;
  bool shuffle = false;
  CLI::App app{"A closed-loop load generator."};
  app.add_option("--port", plan.port, "The server's port on 127.0.0.1")->required();
  app.add_option("--request", request_file, "A file with the request; {} takes a word")->required();
  app.add_option("--words", words_file, "A file of words, one on each line, all of one length");
  app.add_option("--words-limit", words_limit, "How many of the words to use");
  app.add_flag("--shuffle", shuffle, "Use the words in an order of chance, the same in each run");
  app.add_flag("--poll", plan.poll, "Never sleep: for when the server's CPU time is taken");
  app.add_option("--connections", plan.connections, "Keep-alive connections");
  app.add_option("--warm-up", plan.warm_up, "Requests before the counted ones");
  app.add_option("--requests", plan.requests, "Counted requests");
  app.add_option("--seconds", seconds, "Or: how long to count");
  app.add_option("--process", plan.measured_process, "The process whose CPU time is taken");
  app.add_option("--save-answer", answer_file, "Where to write the first answer");
  CLI11_PARSE(app, argc, argv);
  plan.request = parse_template(contents(request_file));
  if (!words_file.empty()) plan.words = lines(words_file, words_limit);
  if (shuffle) std::shuffle(plan.words.begin(), plan.words.end(), std::mt19937_64{1});
  plan.span = std::chrono::duration<double>(seconds);
  const LoadResult result = run_load(plan);
  if (!answer_file.empty()) {
    std::ofstream(answer_file, std::ios::binary) << result.first_answer;
  }
  print(result);
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace latchkey::bench

int main(int argc, char** argv) {
  try {
    return latchkey::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load: %s\n", error.what());
    return EXIT_FAILURE;
  }
}

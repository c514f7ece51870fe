// Runs a fuzzer over its corpus, without libFuzzer: replay FOLDER. A file named *.hex holds the
// bytes as hexadecimal digits, any other file holds the bytes themselves.
#include <cctype>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz.h"

namespace {

std::string bytesOf(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (path.extension() != ".hex") return text;
  std::erase_if(text, [](unsigned char c) { return std::isspace(c) != 0; });
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(&text[i], &text[i] + 2, value, 16);
    if (error != std::errc() || end != &text[i] + 2) {
      std::fprintf(stderr, "%s: no hexadecimal digits\n", path.c_str());
      std::exit(1);
    }
    bytes += static_cast<char>(value);
  }
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t inputs = 0;
  if (argc == 2) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
      const std::string bytes = bytesOf(entry.path());
      // Printed first: when this input ends the program, its name stands there.
      std::printf("%s\n", entry.path().filename().c_str());
      std::fflush(stdout);
      // A buffer of exactly that size, so that a sanitizer sees reads beyond it.
      const std::vector<std::uint8_t> input(bytes.begin(), bytes.end());
      LLVMFuzzerTestOneInput(input.data(), input.size());
      ++inputs;
    }
  }
  std::printf("%zu inputs\n", inputs);
  return inputs > 0 ? 0 : 1;
}

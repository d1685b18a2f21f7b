#include <benchmark/benchmark.h>

#include "relayd/smtp/content.h"
#include "tests/micro/micro.h"

namespace tsmtp::micro {
namespace {

constexpr std::size_t kPieceBytes = 16 * 1024;  // what a read brings, about
constexpr std::size_t kLines = 4000;

template <typename Each>
void by_pieces(std::string_view text, Each each) {
  for (; !text.empty(); text.remove_prefix(std::min(kPieceBytes, text.size())))
    each(text.substr(0, kPieceBytes));
}

std::string stuffed(const std::string& text) {
  std::string out;
  smtp::ContentEncoder encoder;
  if (!encoder.encode(text, out) || !encoder.finish(out)) out.clear();
  return out;
}

// `out` keeps its memory from call to call, as the buffers of connections do.
Case content_case(const char* name, const std::string& input,
                  std::function<void(std::string_view, std::string&)> work) {
  return {.name = name,
          .bytes = input.size(),
          .subject =
              [input, work, out = std::string()]() mutable {
                out.clear();
                work(input, out);
                benchmark::DoNotOptimize(out.data());
              },
          .reference =
              [input, out = std::string()]() mutable {
                out.clear();
                by_pieces(input, [&](std::string_view piece) { copy_lines(piece, out); });
                benchmark::DoNotOptimize(out.data());
              }};
}

void decode(std::string_view input, std::string& out) {
  smtp::ContentDecoder decoder;
  by_pieces(input, [&](std::string_view piece) { benchmark::DoNotOptimize(decoder.decode(piece, out)); });
}

void encode(std::string_view input, std::string& out) {
  smtp::ContentEncoder encoder;
  by_pieces(input, [&](std::string_view piece) { benchmark::DoNotOptimize(encoder.encode(piece, out)); });
  benchmark::DoNotOptimize(encoder.finish(out));
}

void make_canonical(std::string_view input, std::string& out) {
  smtp::CanonicalLineEnds canonical;
  by_pieces(input, [&](std::string_view piece) { out += canonical.convert(piece); });
}

}  // namespace

std::vector<Case> content_cases() {
  const std::string text = text_of(kLines, 50, "\r\n");
  const std::string dots = text_of(kLines, 1, "\r\n");
  return {content_case("content.decode.text", stuffed(text), decode),
          content_case("content.decode.dots", stuffed(dots), decode),
          content_case("content.encode.text", text, encode),
          content_case("content.encode.dots", dots, encode),
          content_case("content.canonical.lf", text_of(kLines, 50, "\n"), make_canonical)};
}

}  // namespace tsmtp::micro

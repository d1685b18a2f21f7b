// What two relayds of a hub tell each other of their ledger, from one that says anything: read in pieces or
// in one go it is the same; what is understood is what was said, byte for byte; and no row that comes so does
// harm to what the ledger remembers. Steps:
//   n bytes   news, as it stands in the stream
//   c bytes   changes to be written
#include <algorithm>
#include <string>
#include <vector>

#include "relayd/ledger/doubts.h"
#include "relayd/ledger/news.h"
#include "relayd/ledger/outcomes.h"
#include "tests/fuzz/fuzz.h"

namespace tsmtp::fuzz {
namespace {

using ledger::News;

struct Heard {
  std::vector<News> news;
  std::string again;  // as we would say it
  bool is_broken = false;
};

Heard hear(std::string_view said, std::size_t piece_bytes) {
  Heard heard;
  std::string in;
  while (!said.empty() && !heard.is_broken) {
    in += said.substr(0, piece_bytes);
    said.remove_prefix(std::min(piece_bytes, said.size()));
    std::string_view rest = in;
    while (auto news = ledger::take_news(rest, heard.is_broken)) {
      append(heard.again, *news);
      heard.news.push_back(std::move(*news));
    }
    in.erase(0, in.size() - rest.size());
    must(heard.is_broken || in.size() < ledger::kMaxNewsBytes + piece_bytes + sizeof(std::uint32_t),
         "what is not whole yet is bounded");
  }
  return heard;
}

void take_in(const std::vector<News>& all) {
  ledger::Doubts doubts;
  ledger::Outcomes outcomes;
  for (const News& news : all) {
    const ledger::Change& change = news.change;
    const bool is_doubt = change.table == ledger::Table::kDoubts;
    switch (news.kind) {
      case News::Kind::kChange:
        if (change.value && is_doubt) doubts.other_recorded({.key = change.key, .value = *change.value});
        if (change.value && !is_doubt) outcomes.other_recorded({.key = change.key, .value = *change.value});
        if (!change.value) is_doubt ? doubts.other_erased(change.key) : outcomes.other_erased(change.key);
        break;
      case News::Kind::kMarked:
        doubts.mark_in_doubt(news.key);
        break;
      case News::Kind::kClaimed:
        doubts.other_claimed(news.key);
        break;
      case News::Kind::kComplete:
      case News::Kind::kAsk:
      case News::Kind::kPending:
      case News::Kind::kNotHere:
        break;
    }
  }
  doubts.other_ended();
  must(doubts.size() <= all.size() && outcomes.size() <= all.size(),
       "nothing is remembered that was not told");
}

void write(std::string_view said) {
  const auto changes = ledger::parse_changes(said);
  if (!changes) return;
  std::string again;
  for (const ledger::Change& change : *changes)
    append(again, change);
  const auto understood = ledger::parse_changes(again);
  must(understood && understood->size() == changes->size(), "changes can be said again");
}

}  // namespace
}  // namespace tsmtp::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tsmtp;
  std::string said;
  for (const fuzz::Step& step : fuzz::steps_of({reinterpret_cast<const char*>(data), size})) {
    if (step.kind == 'n') said += step.payload;
    if (step.kind == 'c') fuzz::write(step.payload);
  }
  const fuzz::Heard whole = fuzz::hear(said, said.size() + 1);
  for (const std::size_t piece : {1UL, 3UL, 64UL}) {
    const fuzz::Heard pieces = fuzz::hear(said, piece);
    fuzz::must(pieces.again == whole.again && pieces.is_broken == whole.is_broken,
               "it does not matter how the stream is cut");
  }
  fuzz::take_in(whole.news);
  return 0;
}

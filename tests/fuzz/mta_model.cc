#include "tests/fuzz/mta_model.h"

#include <algorithm>
#include <cstdlib>

#include "tests/fuzz/fuzz.h"

namespace tsmtp::fuzz {
namespace {

constexpr std::string_view kVerbs[] = {"EHLO", "HELO", "MAIL", "RCPT", "DATA",
                                       "BDAT", "RSET", "QUIT", "NOOP"};
constexpr std::size_t kMaxCommandBytes = 9000;
constexpr char kEnd[] = "end of content";

}  // namespace

void MtaModel::wrote(std::string_view bytes) {
  input_ += bytes;
  while (!input_.empty() && (in_content_ ? take_content() : chunk_left_ > 0 ? take_chunk() : take_line())) {
  }
}

bool MtaModel::take_line() {
  must(unanswered_.empty() || unanswered_.back() != "DATA", "nothing is sent behind DATA before its reply");
  const std::size_t end = input_.find('\n');
  if (end == std::string::npos) return false;
  must(end > 0 && input_[end - 1] == '\r', "a command ends with CRLF");
  const std::string line = input_.substr(0, end - 1);
  input_.erase(0, end + 1);
  must(line.find_first_of(std::string_view("\r\0", 2)) == std::string::npos, "a command is one line");
  must(line.size() <= kMaxCommandBytes, "a command is bounded");
  on_command(line);
  return true;
}

void MtaModel::on_command(std::string_view line) {
  const std::string_view verb = line.substr(0, 4);
  must(std::find(std::begin(kVerbs), std::end(kVerbs), verb) != std::end(kVerbs), "only commands are sent");
  if (verb != "BDAT") {
    unanswered_.emplace_back(verb);
    return match();
  }
  chunk_left_ = std::strtoull(std::string(line.substr(4)).c_str(), nullptr, 10);
  last_chunk_ = line.ends_with(" LAST");
  unanswered_.emplace_back(last_chunk_ ? kEnd : "BDAT");
  match();
  if (chunk_left_ == 0 && last_chunk_) end();
}

bool MtaModel::take_chunk() {
  const std::size_t bytes = std::min(chunk_left_, input_.size());
  content_ += input_.substr(0, bytes);
  input_.erase(0, bytes);
  chunk_left_ -= bytes;
  if (chunk_left_ == 0 && last_chunk_) end();
  return true;
}

bool MtaModel::take_content() {
  const std::size_t end_of_line = input_.find('\n');
  if (end_of_line == std::string::npos) return false;
  must(end_of_line > 0 && input_[end_of_line - 1] == '\r', "no LF alone in content");
  std::string line = input_.substr(0, end_of_line + 1);
  input_.erase(0, end_of_line + 1);
  must(line.find('\r') == line.size() - 2, "no CR alone in content");
  if (line == ".\r\n") {
    in_content_ = false;
    unanswered_.emplace_back(kEnd);
    match();
    end();
    return true;
  }
  if (line.front() == '.') line.erase(0, 1);
  content_ += line;
  return true;
}

void MtaModel::end() {
  must(may_end_, "no end of content without a Commit");
  must(!has_ended_, "one end of content");
  has_ended_ = true;
}

// It may answer before it is asked; the answer is then the next command's.
void MtaModel::says(std::string_view bytes) {
  while (speaks_) {
    const auto reply = reader_.read(bytes);
    speaks_ = reply.has_value();
    if (!speaks_ || !*reply) break;
    codes_.push_back((*reply)->code);
  }
  match();
}

void MtaModel::match() {
  while (!codes_.empty() && !unanswered_.empty()) {
    if (unanswered_.front() == "DATA" && codes_.front() == 354) in_content_ = true;
    if (unanswered_.front() == kEnd && final_code_ == 0) final_code_ = codes_.front();
    unanswered_.pop_front();
    codes_.pop_front();
  }
}

}  // namespace tsmtp::fuzz

#include "daemon/config/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <exception>
#include <sstream>
#include <utility>

namespace rollcall {
namespace {

constexpr std::size_t kMaxDepth = 8;
constexpr std::size_t kMaxNodes = 50'000;

struct Refused : std::exception {
  Refused(const YAML::Mark& mark, std::string_view why)
      : message(fmt::format("{}: {}", mark.line + 1, why)) {}
  std::string message;
};

// Builds the tree from yaml-cpp's events; never keeps pointers into a vector that grows.
class TreeBuilder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    finish(start(mark, "", anchor, YamlNode::Kind::kNothing));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refused(mark, "aliases (*name) are not supported: write the value out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node = start(mark, tag, anchor, YamlNode::Kind::kValue);
    node.text = value;
    finish(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, start(mark, tag, anchor, YamlNode::Kind::kList));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, start(mark, tag, anchor, YamlNode::Kind::kMap));
  }
  void OnMapEnd() override { close(); }

  YamlNode take() { return std::move(root_); }

 private:
  struct Open {
    YamlNode node;
    bool keyRead = false;  // of a map: the next node is its value
    std::string key;
    int keyLine = 1;
  };

  YamlNode start(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                 YamlNode::Kind kind) {
    if (anchor != 0) throw Refused(mark, "anchors (&name) are not supported: write the value out");
    if (!tag.empty() && tag != "?" && tag != "!")
      throw Refused(mark, "tags (!name) are not supported");
    if (++nodes_ > kMaxNodes)
      throw Refused(mark, fmt::format("more than {} values in one file", kMaxNodes));
    const bool isKey =
        !open_.empty() && open_.back().node.kind == YamlNode::Kind::kMap && !open_.back().keyRead;
    if (isKey && kind != YamlNode::Kind::kValue) throw Refused(mark, "a key must be plain text");
    YamlNode node;
    node.kind = kind;
    node.line = mark.line + 1;
    return node;
  }
  void open(const YAML::Mark& mark, YamlNode node) {
    if (open_.size() >= kMaxDepth)
      throw Refused(mark, fmt::format("nested deeper than {} levels", kMaxDepth));
    open_.push_back({std::move(node)});
  }
  void close() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    finish(std::move(node));
  }
  void finish(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::kList) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.keyRead) {
      parent.keyRead = true;
      parent.key = std::move(node.text);
      parent.keyLine = node.line;
    } else {
      parent.keyRead = false;
      parent.node.entries.push_back({std::move(parent.key), parent.keyLine, std::move(node)});
    }
  }

  YamlNode root_;
  std::vector<Open> open_;
  std::size_t nodes_ = 0;
};

}  // namespace

Result<YamlNode> parseYaml(std::string_view text) {
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    TreeBuilder tree;
    parser.HandleNextDocument(tree);
    TreeBuilder rest;
    if (parser.HandleNextDocument(rest))
      return invalidArgument(
          fmt::format("{}: a second document begins here: one file holds one", rest.take().line));
    return tree.take();
  } catch (const Refused& refused) {
    return invalidArgument(refused.message);
  } catch (const YAML::Exception& wrong) {
    // What follows a colon may repeat the file's text, and that may be a secret.
    const std::string_view why = wrong.msg;
    return invalidArgument(
        fmt::format("{}: not valid YAML: {}", wrong.mark.line + 1, why.substr(0, why.find(':'))));
  }
}

}  // namespace rollcall

# Reads a quiz as Canvas's New Quizzes does, with the gem of github.com/instructure/qti.
#
#     ruby canvas.rb PACKAGE
#
# PACKAGE is the folder of an unpacked package. Prints its title and its items as JSON.
require 'json'
require 'qti'

package = Qti::Importer.new(ARGV[0])
items = package.assessment_item_refs.map do |reference|
  item = package.create_assessment_item(reference)
  model = item.interaction_model
  choices = model.respond_to?(:answers) ? model.answers.to_h { |one| [one.identifier, one.item_body] } : {}
  feedback = (item.answer_feedback || []).to_h { |one| [one[:response_value], one[:feedback]] }
  right = item.scoring_data_structs.map { |one| one.values.is_a?(String) ? one.values : one.values.to_a.last }
  { kind: model.class.name.split('::').last, text: item.item_body, points: item.points_possible,
    choices: choices, right: right, feedback: feedback }
end
puts JSON.generate({ title: package.test_object.title, items: items })

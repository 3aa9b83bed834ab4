"""How far a student is from its teacher."""

import torch

from tests.training.wheel import model
from training.teacher import Teacher
from training.trimming import shrunk

IDS = torch.randint(0, 30, (4, 16), generator=torch.Generator().manual_seed(0))


def test_a_teacher_is_at_no_distance_from_itself() -> None:
    teacher = Teacher(model(30), IDS)
    assert float(teacher.distance(teacher.states(IDS), IDS)) == 0


def test_fewer_layers_are_compared_with_those_they_stand_for() -> None:
    teacher = Teacher(model(30), IDS)
    states = teacher.states(IDS)
    assert float(teacher.distance([states[0], states[2], states[4]], IDS)) == 0
    assert float(teacher.distance([states[0], states[1], states[4]], IDS)) > 0


def test_the_last_layer_weighs_most() -> None:
    teacher = Teacher(model(30), IDS)
    states = teacher.states(IDS)
    first = [states[0], states[2] + teacher.spread[2], states[4]]
    last = [states[0], states[2], states[4] + teacher.spread[4]]
    assert torch.isclose(3 * teacher.distance(first, IDS), teacher.distance(last, IDS))


def test_a_teacher_does_not_learn() -> None:
    teacher = Teacher(model(30), IDS)
    student = shrunk(model(30), range(30), 2).train()
    loss = teacher.distance(student(IDS, output_hidden_states=True).hidden_states, IDS)
    loss.backward()
    assert all(parameter.grad is None for parameter in teacher.model.parameters())
    assert student.embeddings.word_embeddings.weight.grad is not None
